import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("Every preset of Elastic Transcoder's", .serialized)
struct SystemPresetTests {
    /// A preset's document, read by the test itself.
    struct Document: Sendable, CustomTestStringConvertible {
        let name: String
        let json: Data

        var testDescription: String { name }

        private var members: [String: Any] {
            ((try? JSONSerialization.jsonObject(with: json)) as? [String: Any]) ?? [:]
        }

        func text(_ path: String...) -> String? {
            var value: Any? = members
            for name in path { value = (value as? [String: Any])?[name] }
            return value as? String
        }

        func has(_ name: String) -> Bool { members[name] is [String: Any] }
    }

    static let library = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
    static let documents = library.documents().filter { $0.id.hasPrefix("1351620000001-") }
        .map { Document(name: $0.name, json: $0.json) }

    /// Noise that needs all the bits it can get, 16:9, at 30 pictures a second, with noise to hear.
    private static let input = Result { try noise(seconds: 3.2) }
    /// Less of it, for pictures that bars make large.
    private static let shortInput = Result { try noise(seconds: 1.2) }

    private static func noise(seconds: Double) throws -> (workspace: Workspace, path: String) {
        let workspace = try Workspace()
        let path = workspace.path("noise.mkv")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-f", "lavfi", "-i",
            "testsrc2=size=352x198:rate=30:duration=\(seconds),noise=alls=25:allf=t,format=yuv420p",
            "-f", "lavfi", "-i", "anoisesrc=r=48000:d=\(seconds):a=0.3:seed=1", "-f", "lavfi", "-i",
            "anoisesrc=r=48000:d=\(seconds):a=0.3:seed=2", "-filter_complex", "[1][2]join=inputs=2[a]",
            "-map",
            "0:v",
            "-map", "[a]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-c:a", "flac", path,
        ])
        return (workspace, path)
    }

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("There are 62 of them")
    func countsThem() { #expect(Self.documents.count == 62) }

    @Test("It makes a file that is what the preset says", arguments: documents)
    func makes(document: Document) async throws {
        let preset = try Preset(json: document.json, named: document.name)
        let path = workspace.path("output.\(preset.container.fileExtension)")
        let isPadded = document.text("Video", "PaddingPolicy") == "Pad"
        let seconds = isPadded ? 1.2 : 3.2
        let input = try (isPadded ? Self.shortInput : Self.input).get().path
        let request = TranscodeRequest(inputPath: input, outputPath: path, preset: preset)
        _ = try await Transcoder().transcode(request)
        #expect(try Judge.decodeErrors(path) == [])
        let probe = try Judge.probe(path)
        let container = try #require(document.text("Container"))
        #expect(probe.format.name == Self.formats[container])
        #expect((probe.video != nil) == document.has("Video"))
        #expect((probe.audio != nil) == document.has("Audio"))
        #expect(abs(try #require(probe.format.duration) - seconds) < 0.15)
        if let video = probe.video { try expect(video, path, seconds, document) }
        if let audio = probe.audio { try expect(audio, probe, document) }
    }

    // MARK: - Pictures

    private func expect(_ video: ProbedStream, _ path: String, _ seconds: Double, _ document: Document) throws
    {
        func option(_ name: String) -> String? { document.text("Video", "CodecOptions", name) }
        let codec = try #require(document.text("Video", "Codec"))
        #expect(video.codec == Self.codecs[codec])
        if codec == "H.264" {
            #expect(video.profile == Self.profiles[option("Profile") ?? ""])
            let level = try #require(option("Level").flatMap(Double.init))
            #expect(video.level == Int((level * 10).rounded()))
            #expect(try #require(video.referenceFrames) <= Int(option("MaxReferenceFrames") ?? "") ?? 0)
        }
        if codec == "mpeg2" {
            #expect(video.pixelFormat == option("ChromaSubsampling"))
            #expect(video.profile == (option("ChromaSubsampling") == "yuv422p" ? "4:2:2" : "Main"))
        }
        let isInterlaced = option("InterlacedMode") == "TopFirst"
        if codec == "H.264" || codec == "mpeg2" {
            #expect(video.fieldOrder == (isInterlaced ? "tt" : "progressive"))
        }
        let (width, height) = try size(document)
        #expect(video.width == width && video.height == height)
        #expect(video.sampleAspectRatio == pixelAspect(document, width, height))
        try expectRate(video, document)
        try expectKeyframes(try Judge.packets(path), document)
        try expectBits(try Judge.packets(path), seconds, document, codec)
    }

    /// The picture of 352x198 in the preset's box, never enlarged; bars fill it up where it pads.
    private func size(_ document: Document) throws -> (Int, Int) {
        let width = document.text("Video", "MaxWidth").flatMap(Double.init) ?? 1920
        let height = document.text("Video", "MaxHeight").flatMap(Double.init) ?? 1080
        if document.text("Video", "PaddingPolicy") == "Pad" { return (Int(width), Int(height)) }
        try #require(document.text("Video", "SizingPolicy") == "ShrinkToFit")
        let scale = min(1, width / 352, height / 198)
        // Both fields of an interlaced picture have whole samples of colour.
        let isInterlaced = document.text("Video", "CodecOptions", "InterlacedMode") == "TopFirst"
        let rows = isInterlaced ? 4.0 : 2
        return (2 * Int(rint(352 * scale / 2)), Int(rows * rint(198 * scale / rows)))
    }

    private func pixelAspect(_ document: Document, _ width: Int, _ height: Int) -> String {
        guard document.text("Video", "DisplayAspectRatio") == "16:9" else { return "1:1" }
        let (across, down) = (16 * height, 9 * width)
        let divisor = (1...across).last { across % $0 == 0 && down % $0 == 0 } ?? 1
        return "\(across / divisor):\(down / divisor)"
    }

    private func expectRate(_ video: ProbedStream, _ document: Document) throws {
        // The clip has 30 pictures a second; 29.97 of them is where the preset's rate is no bound but exact.
        let exact = ["10": 10, "15": 15, "25": 25, "29.97": 30_000.0 / 1001, "30": 30, "auto": 30]
        let text = try #require(document.text("Video", "FrameRate"))
        let rate = try #require(exact[text])
        let found = try #require(video.averageFrameRate)
        #expect(found <= rate * 1.01, "\(found) pictures a second for \(text)")
        #expect(found >= (text == "29.97" ? 14.9 : rate * 0.97), "\(found) pictures a second for \(text)")
    }

    private func expectKeyframes(_ packets: [Judge.ListedPacket], _ document: Document) throws {
        guard let distance = document.text("Video", "KeyframesMaxDist").flatMap({ Int($0) }) else { return }
        let keys = packets.enumerated().filter { $0.element.isKeyframe }.map(\.offset)
        #expect(keys.first == 0)
        let gaps = zip(keys.dropFirst(), keys).map { $0 - $1 }
        #expect(gaps.allSatisfy { $0 <= distance }, "\(gaps)")
        #expect(keys.count >= (packets.count + distance - 1) / distance)
        if document.text("Video", "FixedGOP") == "true" {
            #expect(gaps.allSatisfy { $0 == distance }, "\(gaps)")
        }
    }

    private func expectBits(
        _ packets: [Judge.ListedPacket],
        _ seconds: Double,
        _ document: Document,
        _ codec: String
    ) throws {
        let kilobits = try #require(document.text("Video", "BitRate").flatMap(Double.init))
        guard codec != "gif" else { return }
        let found = Double(packets.reduce(0) { $0 + $1.byteCount }) * 8 / seconds / 1000
        // In seconds, rate control has only begun to find its level.
        #expect(found < kilobits * 1.6, "\(found) kbit/s")
        // Small pictures, or a picture within bars, cannot use all that a rate for large ones allows.
        if kilobits <= 2400 || document.text("Container") == "mxf" {
            #expect(found > kilobits * 0.7, "\(found) kbit/s")
        }
    }

    // MARK: - Sound

    private func expect(_ audio: ProbedStream, _ probe: TestMedia.Probe, _ document: Document) throws {
        let codec = try #require(document.text("Audio", "Codec"))
        let depth = document.text("Audio", "CodecOptions", "BitDepth") ?? ""
        #expect(
            audio.codec
                == (codec == "pcm" ? (depth == "8" ? "pcm_u8" : "pcm_s\(depth)le") : Self.codecs[codec])
        )
        if codec == "AAC" { #expect(audio.profile == "LC") }
        #expect(audio.sampleRate == Int(document.text("Audio", "SampleRate") ?? ""))
        let channels = document.text("Audio", "Channels")
        let tracks = probe.streams.count { $0.kind == "audio" }
        if document.text("Audio", "AudioPackingMode") == "OneChannelPerTrackWithMosTo8Tracks" {
            #expect(tracks == 8 && audio.channels == 1)
        } else {
            #expect(tracks == 1 && audio.channels == channels.flatMap { Int($0) })
        }
        if let kilobits = document.text("Audio", "BitRate").flatMap(Double.init),
            let found = audio.bitsPerSecond
        {
            #expect((0.8...1.2).contains(Double(found) / 1000 / kilobits), "\(found) for \(kilobits) kbit/s")
        }
    }

    private static let formats = [
        "mp4": "mov,mp4,m4a,3gp,3g2,mj2", "fmp4": "mov,mp4,m4a,3gp,3g2,mj2", "webm": "matroska,webm",
        "ts": "mpegts", "flv": "flv", "mpg": "mpeg", "mxf": "mxf", "mp3": "mp3", "flac": "flac", "wav": "wav",
        "gif": "gif",
    ]
    private static let codecs = [
        "H.264": "h264", "mpeg2": "mpeg2video", "vp8": "vp8", "vp9": "vp9", "gif": "gif", "AAC": "aac",
        "mp3": "mp3", "mp2": "mp2", "vorbis": "vorbis", "flac": "flac",
    ]
    private static let profiles = ["baseline": "Constrained Baseline", "main": "Main", "high": "High"]
}
