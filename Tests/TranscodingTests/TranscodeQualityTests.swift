import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("The SSIM of a transcode", .serialized)
struct TranscodeQualityTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// What a clip is made of.
    enum Clip: String, CaseIterable, Sendable {
        case still, short, noisy, varying, cuts

        /// A filter graph that makes it.
        var source: String {
            switch self {
            case .still: "testsrc2=size=320x180:rate=30,trim=end_frame=1"
            case .short: "mandelbrot=size=1280x720:rate=30,trim=duration=3"
            case .noisy: "testsrc2=size=640x360:rate=30:duration=5,noise=alls=20:allf=t"
            case .varying:
                "mandelbrot=size=640x360:rate=30,trim=duration=6,select='mod(n,5)*gt(mod(n,50),20)'"
            case .cuts: "mandelbrot=size=640x360:rate=30,trim=duration=9,negate=enable='gt(mod(n,110),70)'"
            }
        }
    }

    private func make(_ clip: Clip) throws -> String {
        let path = workspace.path("\(clip).mkv")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-f", "lavfi", "-i", clip.source + ",format=yuv420p",
            "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", path,
        ])
        return path
    }

    private func request(_ input: String) throws -> TranscodeRequest {
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        return TranscodeRequest(
            inputPath: input,
            outputPath: workspace.path("output.mp4"),
            preset: try presets.preset("web")
        )
    }

    private func expectSimilar(_ input: String) async throws {
        let result = try await Transcoder().transcode(request(input))
        let found = try #require(result.ssim)
        let truth = try Judge.ssim(result.outputPath, original: input)
        #expect(abs(found - truth) < 0.01, "\(found) instead of \(truth)")
    }

    @Test("It is within 0.01 of what ffmpeg finds over all pictures", arguments: Clip.allCases)
    func equalsFFmpeg(clip: Clip) async throws { try await expectSimilar(make(clip)) }

    @Test(
        "So it is for the samples, whatever their codec",
        arguments: ["browser-live.webm", "surround.mp4", "phone-portrait.mp4"]
    )
    func equalsFFmpeg(sample: String) async throws { try await expectSimilar(Samples.path(sample)) }

    @Test("A rendition that is worse has less of it")
    func falls() async throws {
        var request = try request(make(.noisy))
        let good = try #require(try await Transcoder().transcode(request).ssim)
        request.replacesOutput = true
        var video = try #require(request.preset.video)
        video.bitsPerSecond = try #require(video.bitsPerSecond) / 4
        request.preset = Preset(id: "poor", name: "Poor", video: video, audio: request.preset.audio)
        let poor = try #require(try await Transcoder().transcode(request).ssim)
        #expect(poor < good - 0.01, "\(poor), \(good)")
    }

    @Test("A cancelled transcode ends at once, and leaves nothing")
    func cancels() async throws {
        let folder = workspace.folder
        let request = try request(
            ClipRecipe(width: 1280, height: 720).make(workspace.url("in.mp4"), loops: 30)
        )
        let (beginnings, begin) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            try await Transcoder().transcode(request) { _ in begin.yield() }
        }
        for await _ in beginnings.prefix(1) { work.cancel() }
        let error = await #expect(throws: TranscodingError.self) { try await work.value }
        #expect(error?.code == .cancelled)
        #expect(contents(of: folder) == ["in.mp4"])
    }
}
