import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("WindowSampler and SampleComparison")
struct WindowSamplerTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// Pictures at 30 a second that turn negative, which is a cut, from the picture `cut` on.
    private func pictures(_ count: Int, cut: Int = 1_000) throws -> [Frame] {
        let path = workspace.path("clip.mp4")
        let source = "testsrc2=size=160x90:rate=30,format=yuv420p,negate=enable='gte(n,\(cut))'"
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", "\(count)",
            "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p", path,
        ])
        let body = try InputOpening.body(.file(path: path), IngestLimits())
        var demuxer = try Demuxer.open(body, limits: IngestLimits())
        var decoder = try Decoder.open(demuxer.streams[0], limits: IngestLimits(), threads: 1)
        var frames: [Frame] = []
        while let packet = try demuxer.read() { frames += try decoder.decode(packet) }
        frames += try decoder.finish().frames
        return frames
    }

    /// The windows of an encoding that needs a keyframe every 90 pictures and looks 40 ahead.
    private func windows(_ pictures: [Frame], options: CodecOptions = [:]) throws -> [SampleWindow] {
        var encoder = try Encoder.open(
            "libx264",
            .video(VideoFormat(size: Size(160, 90), color: .bt601, frameRate: Rational(30, 1))),
            timebase: Timebase(1, 30),
            options: ["preset": "faster", "rc-lookahead": "40", "g": "90"].merging(options) { $1 },
            threads: 1
        )
        let track = Muxer.Track(parameters: encoder.parameters, timebase: Timebase(1, 30))
        var sampler = WindowSampler(track, keyframeDistance: 90)
        var windows: [SampleWindow] = []
        for (index, picture) in pictures.enumerated() {
            sampler.take(picture, pts: Int64(index))
            for packet in try encoder.encode(picture, pts: Int64(index)) {
                if let window = sampler.take(packet) { windows.append(window) }
            }
        }
        for packet in try encoder.finish() {
            if let window = sampler.take(packet) { windows.append(window) }
        }
        if let window = sampler.finish() { windows.append(window) }
        return windows
    }

    private func ssim(_ window: SampleWindow) throws -> Double? {
        var comparison = try SampleComparison.open(window.track, size: Size(160, 90))
        return try comparison.run(window)
    }

    @Test("Six pictures of each window can be decoded, 3 s apart at first, then ever further up to 30")
    func spacesWindows() throws {
        let windows = try windows(pictures(1_700), options: ["sc_threshold": "0"])
        #expect(windows.map(\.seconds) == [0, 3, 6, 12, 24, 48])
        var comparison = try SampleComparison.open(try #require(windows.first).track, size: Size(160, 90))
        for window in windows {
            let first = Int64((window.seconds * 30).rounded())
            let step: Int64 = first == 0 ? 6 : 3
            #expect(window.pictures.keys.sorted() == (0..<6).map { first + step * $0 })
            #expect(window.packets.first?.pts == first)
            #expect(window.packets.first?.isKeyframe == true)
            #expect(window.packets.count <= 5 * Int(step) + 5)
            // One after the other, as alone.
            let found = try comparison.run(window)
            #expect(try found == ssim(window))
            #expect(try #require(found) > 0.9)
        }
    }

    @Test("After a cut that is known in time the window waits for the next keyframe that is due")
    func followsCuts() throws {
        #expect(try windows(pictures(200, cut: 30)).map(\.seconds) == [0, 4])
    }

    @Test("A cut shortly before a window is where its packets begin")
    func beginsAtCut() throws {
        let windows = try windows(pictures(200, cut: 70))
        #expect(windows.map(\.seconds) == [0, 3])
        #expect(windows.last?.packets.first?.pts == 70)
        #expect(try #require(try windows.last.flatMap(ssim)) > 0.9)
    }

    @Test("A window that would take too much decoding is left out, and made up for at the next keyframe")
    func leavesOut() throws {
        let windows = try windows(pictures(200, cut: 36), options: ["rc-lookahead": "60"])
        #expect(windows.map { Int(($0.seconds * 30).rounded()) } == [0, 36 + 90])
    }

    @Test("A clip shorter than a window is compared as far as it goes", arguments: [1, 2, 4, 17])
    func endsEarly(count: Int) throws {
        let windows = try windows(pictures(count))
        #expect(windows.map(\.pictures.count) == [(count + 5) / 6])
        #expect(try #require(try windows.first.flatMap(ssim)) > 0.9)
    }

    @Test("A lossless encoding has an SSIM of 1")
    func isLossless() throws {
        let windows = try windows(pictures(30), options: ["qp": "0"])
        #expect(try windows.first.flatMap(ssim) == 1)
    }

    @Test("A picture that the encoder lost rejects the output")
    func noticesLoss() throws {
        var window = try #require(try windows(pictures(30)).first)
        let lost = try #require(window.packets.firstIndex { $0.pts == 18 })
        window.packets.remove(at: lost)
        try expectRejection(window)
    }

    @Test("Packets that do not decode reject the output")
    func noticesDamage() throws {
        var window = try #require(try windows(pictures(30)).first)
        // Without the keyframe the other pictures have nothing to refer to.
        window.packets.removeFirst()
        try expectRejection(window)
    }

    private func expectRejection(_ window: SampleWindow) throws {
        let error = #expect(throws: TranscodingError.self) { try ssim(window) }
        #expect(error?.code == .outputRejected, "\(error?.message ?? "")")
    }
}
