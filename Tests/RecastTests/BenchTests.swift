import FFmpeg
import Foundation
import Testing
import Transcoding

@testable import Recast

@Suite("The benchmark")
struct BenchTests {
    @Test(
        "A peer is named by its kind, its kind and its path, or its path",
        arguments: [
            ("ffmpeg", BenchPeer.Kind.ffmpeg, "ffmpeg"), ("ffmpeg=/opt/7/bin/it", .ffmpeg, "/opt/7/bin/it"),
            ("/opt/ffmpeg-v7.0.2", .ffmpeg, "/opt/ffmpeg-v7.0.2"),
            ("HandBrakeCLI", .handBrake, "HandBrakeCLI"),
        ]
    )
    func readsPeers(text: String, kind: BenchPeer.Kind, path: String) throws {
        let peer = try #require(BenchPeer(text))
        #expect(peer.kind == kind)
        #expect(peer.path == path)
    }

    @Test("What is no peer is refused", arguments: ["", "ffmpeg=", "gst-launch", "=x"])
    func refusesOthers(text: String) { #expect(BenchPeer(text) == nil) }

    @Test(
        "At the same settings a peer has x264's of the preset's speed",
        arguments: ["ffmpeg", "HandBrakeCLI"]
    )
    func asksForSpeed(text: String) throws {
        var preset = try PresetLibrary(folders: [packageRoot.appendingPathComponent("presets")]).preset("web")
        preset.engine.speed = .best
        let peer = try #require(BenchPeer(text))
        let line = try peer.arguments("a.mov", "b.mp4", preset, .same, Size(1280, 720)).joined(separator: " ")
        let settings = "aq-strength=0.6:dct-decimate=0:ref=3"
        #expect(line.contains("preset slow") && line.contains(settings), "\(line)")
    }

    @Test("A peer is asked for the preset's own values")
    func asksForPreset() throws {
        let preset = try PresetLibrary(folders: [packageRoot.appendingPathComponent("presets")]).preset("web")
        for (text, wanted) in [
            ("ffmpeg", ["-b:v 2200000", "-level 3.1", "-g 90", "-fpsmax 30/1", "-b:a 160000", "-ar 44100"]),
            ("HandBrakeCLI", ["-b 2200", "--encoder-level 3.1", "keyint=90", "-r 30", "-B 160", "-R 44.1"]),
        ] {
            let peer = try #require(BenchPeer(text))
            let line = try peer.arguments("a.mov", "b.mp4", preset, .medium, Size(1280, 720))
                .joined(separator: " ")
            for option in wanted { #expect(line.contains(option), "\(option) in \(line)") }
        }
    }

    @Test("A preset that the peer has no words for is refused")
    func refusesOtherCodecs() throws {
        let preset = try PresetLibrary(folders: [packageRoot.appendingPathComponent("presets")])
            .preset("webm-720p")
        let peer = try #require(BenchPeer("ffmpeg"))
        #expect(throws: TranscodingError.self) {
            try peer.arguments("a.mov", "b.webm", preset, .medium, Size(1280, 720))
        }
    }

    @Test("A report is put in its place, again and again, and the rest of the document stays")
    func replacesReport() {
        let first = ReportFile.document("# A\n", with: "one")
        #expect(first == "# A\n\n<!-- recast bench -->\n\none\n<!-- end of recast bench -->\n")
        let second = ReportFile.document(first + "\n## B\n", with: "two")
        #expect(second == "# A\n\n<!-- recast bench -->\n\ntwo\n<!-- end of recast bench -->\n\n## B\n")
    }

    @Test("The median of an even number of values lies between the middle ones")
    func takesMedians() {
        #expect(BenchResult.median([3, 1, 2]) == 2)
        #expect(BenchResult.median([4, 1, 3, 2]) == 2.5)
        #expect(BenchResult.median([]) == 0)
    }

    private let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
