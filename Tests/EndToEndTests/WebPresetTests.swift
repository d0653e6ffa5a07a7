import Foundation
import TestMedia
import Testing

@Suite("The web preset, on good files", .serialized)
struct WebPresetTests {
    /// A sample and what it must become.
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let width: Int
        let height: Int
        let frameRate: Double
        let frameCount: Int

        var duration: Double { Double(frameCount) / frameRate }
        var testDescription: String { name }
    }

    static let samples = [
        Sample(name: "phone-portrait.mp4", width: 404, height: 720, frameRate: 30, frameCount: 120),
        Sample(name: "browser-live.webm", width: 1280, height: 720, frameRate: 30, frameCount: 120),
        Sample(name: "surround.mp4", width: 1280, height: 720, frameRate: 30_000 / 1_001, frameCount: 120),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
        "A good file becomes what the preset promises, with every picture and beep in place",
        arguments: samples
    )
    func transcodes(sample: Sample) throws {
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(Samples.path(sample.name), to: output)
        try #require(result.status == 0 && !result.wasSignalled, "\(result.errorText)")
        #expect(contents(of: workspace.folder) == ["output.mp4"])

        try expectStreams(output.path, sample)
        try expectStructure(output.path)
        try expectContent(output.path, sample)
    }

    private func expectStreams(_ path: String, _ sample: Sample) throws {
        let probe = try Judge.probe(path)
        #expect(probe.streams.map(\.kind).sorted() == ["audio", "video"])
        #expect(abs(try #require(probe.format.duration) - sample.duration) <= 0.05)

        let video = try #require(probe.video)
        #expect(video.codec == "h264")
        #expect(video.profile == "Main")
        #expect(video.level == 31)
        #expect(video.width == sample.width)
        #expect(video.height == sample.height)
        #expect(video.sampleAspectRatio == "1:1")
        #expect(video.pixelFormat == "yuv420p")
        #expect(abs(try #require(video.averageFrameRate) - sample.frameRate) <= 0.01)
        #expect(video.rotation == nil)
        #expect(try #require(video.referenceFrames) <= 3)
        let tags = [video.colorRange, video.colorSpace, video.colorTransfer, video.colorPrimaries]
        #expect(tags.allSatisfy { $0 != nil && $0 != "unknown" }, "\(tags)")

        let audio = try #require(probe.audio)
        #expect(audio.codec == "aac")
        #expect(audio.profile == "LC")
        #expect(audio.sampleRate == 44_100)
        #expect(audio.channels == 2)
    }

    private func expectStructure(_ path: String) throws {
        let boxes = try Judge.topLevelBoxes(path)
        #expect(boxes.first == "ftyp")
        let index = try #require(boxes.firstIndex(of: "moov"))
        #expect(index < (try #require(boxes.firstIndex(of: "mdat"))))
        #expect(try Judge.decodeErrors(path) == [])

        let packets = try Judge.packets(path).sorted { $0.pts < $1.pts }
        let keyframes = packets.indices.filter { packets[$0].isKeyframe } + [packets.count]
        #expect(keyframes.first == 0)
        #expect(zip(keyframes, keyframes.dropFirst()).allSatisfy { $1 - $0 <= 90 }, "\(keyframes)")
    }

    private func expectContent(_ path: String, _ sample: Sample) throws {
        let frames = try Judge.frameNumbers(path)
        #expect(frames.map(\.number) == Array(0..<sample.frameCount))
        let offsets = frames.map { $0.pts - Double($0.number) / sample.frameRate }.sorted()
        let offset = try #require(offsets.isEmpty ? nil : offsets[offsets.count / 2])
        // One frame of jitter would be 33 ms; clocks of whole milliseconds cost one at most.
        #expect(offsets.allSatisfy { abs($0 - offset) <= 0.002 })

        let beeps = try Judge.beepTimes(path).map { $0 - offset }
        #expect(beeps.map { Int($0.rounded()) } == [0, 1, 2, 3])
        #expect(beeps.allSatisfy { abs($0 - $0.rounded()) <= 0.04 }, "\(beeps)")
    }

    @Test("A clip without sound becomes a file without an audio stream")
    func keepsSilence() throws {
        let input = try ClipRecipe(hasSound: false).make(workspace.url("silent.mp4"))
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(input, to: output)
        try #require(result.status == 0, "\(result.errorText)")
        let probe = try Judge.probe(output.path)
        #expect(probe.audio == nil)
        #expect(probe.video != nil)
        #expect(try Judge.frameNumbers(output.path).map(\.number) == Array(0..<60))
    }
}
