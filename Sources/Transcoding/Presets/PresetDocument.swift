public import Foundation

/// The names of a preset document's members and values, as Elastic Transcoder's API spells them.
enum PresetDocument {
    static let members = [
        "Id", "Arn", "Name", "Description", "Type", "Container", "Video", "Audio", "Thumbnails", "Engine",
    ]

    static let containers = Container.allCases.map { ($0.rawValue, $0) }
    static let videoCodecs: [(String, VideoCodec)] = [
        ("H.264", .h264), ("H.265", .hevc), ("vp8", .vp8), ("vp9", .vp9), ("AV1", .av1), ("mpeg2", .mpeg2),
        ("gif", .gif),
    ]
    static let audioCodecs: [(String, AudioCodec)] = [
        ("AAC", .aac), ("mp3", .mp3), ("mp2", .mp2), ("vorbis", .vorbis), ("opus", .opus), ("flac", .flac),
        ("pcm", .pcm),
    ]
    static let truths = [("true", true), ("false", false)]
}

extension Preset {
    /// Reads a preset document.
    ///
    /// - Throws: `preset.invalid`, naming every member that is wrong and what it may be.
    public init(json: Data, named source: String) throws(TranscodingError) {
        guard let node = try? JSONDecoder().decode(PresetNode.self, from: json),
            case .object(let members) = node
        else { throw TranscodingError(.presetInvalid, "preset \(source) is not a preset document in JSON") }
        var checker = FieldChecker()
        let preset = checker.preset(PresetFields(path: "", members: members), source)
        guard checker.problems.isEmpty, let preset else {
            let problems = checker.problems.joined(separator: "; ")
            throw TranscodingError(.presetInvalid, "preset \(source) cannot be used: \(problems)")
        }
        self = preset
    }

    /// Everything that is wrong with a preset document; empty when nothing is.
    public static func problems(in json: Data) -> [String] {
        let node: PresetNode
        do { node = try JSONDecoder().decode(PresetNode.self, from: json) } catch {
            return ["it is not JSON"]
        }
        guard case .object(let members) = node else { return ["it is not an object in JSON"] }
        var checker = FieldChecker()
        _ = checker.preset(PresetFields(path: "", members: members), "")
        return checker.problems
    }
}

extension FieldChecker {
    fileprivate mutating func preset(_ document: PresetFields, _ source: String) -> Preset? {
        checkNames(of: document, known: PresetDocument.members)
        let container: Container? = choice(
            "Container",
            of: document,
            PresetDocument.containers.map { ($0.0, Optional($0.1)) },
            otherwise: nil,
            isRequired: true
        )
        let video = video(document, container)
        let audio = audio(document, container)
        let engine = engine(document, container, video)
        if !document.has("Video"), !document.has("Audio") {
            refuse("Video and Audio", "missing", allowed: "at least one of them")
        } else if video == nil, audio == nil, problems.isEmpty {
            refuse("Audio.Channels", "0", allowed: "1, 2, auto where there is no Video")
        }
        guard let container else { return nil }
        return Preset(
            id: text("Id", of: document) ?? source,
            name: text("Name", of: document) ?? source,
            container: container,
            video: video,
            audio: audio,
            engine: engine
        )
    }

    private mutating func engine(
        _ document: PresetFields,
        _ container: Container?,
        _ video: Preset.Video?
    ) -> EngineOptions {
        var options = EngineOptions()
        // What is cut into segments, and what broadcasters take, counts pictures instead of timing them.
        let isCounted = container.map { [.ts, .fmp4, .mpg, .mxf].contains($0) } ?? false
        options.exactFrameRate = isCounted || (video?.scan ?? .progressive) != .progressive
        let known = ["ExactFrameRate", "Speed", "RateControl", "Quality"]
        guard let fields = object("Engine", of: document, known: known) else { return options }
        options.exactFrameRate = choice(
            "ExactFrameRate",
            of: fields,
            PresetDocument.truths,
            otherwise: options.exactFrameRate
        )
        options.speed = choice(
            "Speed",
            of: fields,
            EngineOptions.Speed.allCases.map { ($0.rawValue.capitalized, $0) },
            otherwise: .balanced
        )
        options.rateControl = choice(
            "RateControl",
            of: fields,
            EngineOptions.RateControl.allCases.map { ($0.rawValue.capitalized, $0) },
            otherwise: .average
        )
        options.quality = number("Quality", of: fields, in: 0...63)
        return options
    }
}
