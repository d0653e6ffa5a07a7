import Foundation
import TestMedia
import Testing

@testable import Transcoding

/// Single wrong bytes that no decoder complains of.
@Suite("Wrong bytes")
struct ByteDamageTests {
    private let workspace: Workspace
    private let preset: Preset

    init() throws {
        workspace = try Workspace()
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        preset = try presets.preset("generic-320x240")
    }

    private func clip(_ name: String, _ options: [String]) throws -> [UInt8] {
        let path = workspace.path(name)
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=12:duration=1",
                "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=1", "-threads", "1",
            ] + options + [path]
        )
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func damage(_ name: String, _ bytes: [UInt8]) async throws -> InputDamage? {
        let url = workspace.url("damaged-\(name)")
        try Data(bytes).write(to: url)
        var request = TranscodeRequest(
            inputPath: url.path,
            outputPath: workspace.path("\(UUID()).mp4"),
            preset: preset
        )
        request.threads = 1
        request.allowsDamage = true
        let damage = try await Transcoder().transcode(request).damage
        // `verify` and `probe --deep` are as strict.
        let found = try MediaExamination.run(path: url.path, threads: 1)
        #expect(found.isWhole == (damage == nil), "\(name): \(String(describing: damage)), \(found)")
        return damage
    }

    /// The places of a picture's bytes, and its length, from ffprobe.
    private func payloads(_ name: String, stream: String) throws -> [(position: Int, count: Int)] {
        let arguments = [
            "-v", "error", "-select_streams", stream, "-show_entries", "packet=pos,size", "-of", "csv=p=0",
            workspace.path(name),
        ]
        return String(decoding: try Tool.ffprobe.output(arguments), as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .compactMap { line in
                let fields = line.split(separator: ",").compactMap { Int($0) }
                return fields.count == 2 ? (fields[1], fields[0]) : nil
            }
    }

    @Test("A bit that turns round in any of ten VP8 pictures is told of", arguments: 0..<10)
    func vp8(picture: Int) async throws {
        let options = ["-c:v", "libvpx", "-cpu-used", "-8", "-deadline", "realtime", "-b:v", "300k", "-an"]
        var bytes = try clip("clip.webm", options)
        #expect(try await damage("clip.webm", bytes) == nil)
        let payload = try payloads("clip.webm", stream: "v:0")[picture + 1]
        bytes[payload.position + payload.count / 2] ^= 0x10
        #expect(try await damage("clip.webm", bytes) != nil)
    }

    @Test("A byte sequence that H.264 forbids is told of")
    func forbidden() async throws {
        var bytes = try clip("clip.mp4", ["-c:v", "libx264", "-bf", "0", "-c:a", "aac"])
        #expect(try await damage("clip.mp4", bytes) == nil)
        let payload = try payloads("clip.mp4", stream: "v:0")[8]
        let place = payload.position + payload.count - 6
        for offset in 0..<3 { bytes[place + offset] = 0 }
        #expect(try await damage("clip.mp4", bytes) != nil)
    }

    @Test("A wrong sample of PCM is told of where the container has a checksum")
    func matroska() async throws {
        var bytes = try clip("clip.mkv", ["-c:v", "libx264", "-c:a", "pcm_s16le"])
        #expect(try await damage("clip.mkv", bytes) == nil)
        let payload = try payloads("clip.mkv", stream: "a:0")[5]
        bytes[payload.position + payload.count / 2] ^= 0x40
        #expect(try await damage("clip.mkv", bytes)?.containerErrors == 1)
    }

    @Test("Bytes that are there twice in an AVI file are told of")
    func avi() async throws {
        let bytes = try clip("clip.avi", ["-c:v", "mpeg4", "-c:a", "libmp3lame"])
        #expect(try await damage("clip.avi", bytes) == nil)
        let payload = try payloads("clip.avi", stream: "v:0")[5]
        let range = payload.position + 20..<payload.position + payload.count / 2
        #expect(
            try await damage("clip.avi", Array(bytes[..<range.upperBound] + bytes[range.lowerBound...]))
                != nil
        )
    }

    @Test("A wrong bit in FLAC is told of")
    func flac() async throws {
        var bytes = try clip("clip.mp4", ["-c:v", "libx264", "-c:a", "flac", "-strict", "-2"])
        #expect(try await damage("clip.mp4", bytes) == nil)
        let payload = try payloads("clip.mp4", stream: "a:0")[3]
        bytes[payload.position + payload.count - 20] ^= 1
        #expect(try await damage("clip.mp4", bytes)?.soundErrors == 1)
    }

    @Test(
        "Real VP8 files are whole",
        .enabled(if: Samples.furtherMedia != nil),
        arguments: [
            "flower-540p-vp8-vorbis.webm", "derived-mediarecorder-720p-vp8-opus-live.webm",
            "crystal-480p-vp8-vorbis.webm",
        ]
    )
    func realFiles(name: String) async throws {
        let path = try #require(Samples.furtherPath(name))
        let request = TranscodeRequest(inputPath: path, outputPath: workspace.path("o.mp4"), preset: preset)
        #expect(try await Transcoder().transcode(request).damage == nil)
        #expect(try MediaExamination.run(path: path).isWhole)
    }
}
