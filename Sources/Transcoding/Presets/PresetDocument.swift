internal import FFmpeg
public import Foundation

/// A preset as Elastic Transcoder's API spells it: every number is a string.
struct PresetDocument: Codable {
    struct Video: Codable {
        var Codec: String?
        var CodecOptions: [String: String]?
        var KeyframesMaxDist: String?
        var FixedGOP: String?
        var BitRate: String?
        var FrameRate: String?
        var MaxWidth: String?
        var MaxHeight: String?
        var DisplayAspectRatio: String?
        var SizingPolicy: String?
        var PaddingPolicy: String?
    }

    struct Audio: Codable {
        var Codec: String?
        var CodecOptions: [String: String]?
        var SampleRate: String?
        var BitRate: String?
        var Channels: String?
    }

    var Id: String?
    var Name: String?
    var Container: String?
    var Video: Video?
    var Audio: Audio?
}

extension Preset {
    /// Reads a preset document.
    ///
    /// - Throws: `preset.invalid`, naming every field that is wrong or not supported.
    public init(json: Data, named source: String) throws(TranscodingError) {
        let document: PresetDocument
        do {
            document = try JSONDecoder().decode(PresetDocument.self, from: json)
        } catch {
            throw TranscodingError(.presetInvalid, "preset \(source) is not a preset document in JSON")
        }
        var checker = FieldChecker()
        let video = checker.video(document.Video)
        let audio = checker.audio(document.Audio)
        checker.require(document.Container, "Container", oneOf: ["mp4"])
        guard checker.problems.isEmpty, let video, let audio else {
            let problems = checker.problems.joined(separator: "; ")
            throw TranscodingError(.presetInvalid, "preset \(source) cannot be used: \(problems)")
        }
        self.init(id: document.Id ?? source, name: document.Name ?? source, video: video, audio: audio)
    }
}

/// Collects everything that is wrong with a document, not only the first thing.
private struct FieldChecker {
    var problems: [String] = []

    mutating func require(_ value: String?, _ field: String, oneOf allowed: [String]) {
        guard let value, allowed.contains(value) else {
            let list = allowed.joined(separator: ", ")
            problems.append("\(field) is \(value ?? "missing"), supported: \(list)")
            return
        }
    }

    mutating func number(_ value: String?, _ field: String, in range: ClosedRange<Int>) -> Int {
        guard let value, let number = Int(value), range.contains(number) else {
            problems.append(
                "\(field) is \(value ?? "missing"), allowed: \(range.lowerBound) to \(range.upperBound)"
            )
            return range.lowerBound
        }
        return number
    }

    mutating func video(_ document: PresetDocument.Video?) -> Preset.Video? {
        guard let document else {
            problems.append("Video is missing; presets without video are not supported yet")
            return nil
        }
        let options = document.CodecOptions ?? [:]
        require(document.Codec, "Video.Codec", oneOf: ["H.264"])
        require(options["Profile"], "Video.CodecOptions.Profile", oneOf: ["baseline", "main", "high"])
        let levels = ["1", "1b", "1.1", "1.2", "1.3", "2", "2.1", "2.2", "3", "3.1", "3.2", "4", "4.1"]
        require(options["Level"], "Video.CodecOptions.Level", oneOf: levels)
        let mode = options["InterlacedMode"] ?? "Progressive"
        require(mode, "Video.CodecOptions.InterlacedMode", oneOf: ["Progressive"])
        let conversion = options["ColorSpaceConversionMode"] ?? "None"
        require(conversion, "Video.CodecOptions.ColorSpaceConversionMode", oneOf: ["None"])
        require(document.FixedGOP ?? "false", "Video.FixedGOP", oneOf: ["false"])
        require(document.SizingPolicy, "Video.SizingPolicy", oneOf: ["ShrinkToFit"])
        require(document.PaddingPolicy, "Video.PaddingPolicy", oneOf: ["NoPad"])
        require(document.DisplayAspectRatio ?? "auto", "Video.DisplayAspectRatio", oneOf: ["auto"])
        let rates = ["10": 10, "15": 15, "24": 24, "25": 25, "30": 30, "50": 50, "60": 60]
        require(document.FrameRate, "Video.FrameRate", oneOf: rates.keys.sorted())
        let kilobits = number(document.BitRate, "Video.BitRate", in: 16...62_500)
        return Preset.Video(
            profile: options["Profile"] ?? "main",
            level: options["Level"] ?? "3.1",
            maxReferenceFrames: number(
                options["MaxReferenceFrames"],
                "Video.CodecOptions.MaxReferenceFrames",
                in: 1...16
            ),
            maxKeyframeDistance: number(document.KeyframesMaxDist, "Video.KeyframesMaxDist", in: 1...100_000),
            bitsPerSecond: kilobits * 1000,
            maxFrameRate: Rational(Int32(rates[document.FrameRate ?? ""] ?? 30), 1),
            maxSize: Size(
                number(document.MaxWidth, "Video.MaxWidth", in: 128...4096),
                number(document.MaxHeight, "Video.MaxHeight", in: 96...3072)
            )
        )
    }

    mutating func audio(_ document: PresetDocument.Audio?) -> Preset.Audio? {
        guard let document else {
            problems.append("Audio is missing; presets without sound are not supported yet")
            return nil
        }
        require(document.Codec, "Audio.Codec", oneOf: ["AAC"])
        require(
            document.CodecOptions?["Profile"] ?? "AAC-LC",
            "Audio.CodecOptions.Profile",
            oneOf: ["AAC-LC"]
        )
        require(
            document.SampleRate,
            "Audio.SampleRate",
            oneOf: ["22050", "32000", "44100", "48000", "96000"]
        )
        return Preset.Audio(
            bitsPerSecond: number(document.BitRate, "Audio.BitRate", in: 64...320) * 1000,
            sampleRate: Int(document.SampleRate ?? "") ?? 44_100,
            channelCount: number(document.Channels, "Audio.Channels", in: 1...2)
        )
    }
}
