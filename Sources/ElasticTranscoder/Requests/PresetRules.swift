/// What the members of a preset have to be beyond their shapes, and how they fit together.
struct PresetRules {
    private(set) var violations: [String] = []

    /// The codecs of each container; one without video codecs holds sound alone.
    private static let codecs: [String: (video: [String], audio: [String])] = [
        "flac": ([], ["flac"]), "flv": (["H.264"], ["AAC", "mp3"]), "fmp4": (["H.264"], ["AAC"]),
        "gif": (["gif"], []), "mp2": ([], ["mp2"]), "mp3": ([], ["mp3"]),
        "mp4": (["H.264"], ["AAC", "mp3"]), "mpg": (["mpeg2"], ["mp2"]), "mxf": (["mpeg2"], ["pcm"]),
        "oga": ([], ["flac", "vorbis"]), "ogg": ([], ["flac", "vorbis"]),
        "ts": (["H.264"], ["AAC", "mp3"]), "wav": ([], ["pcm"]), "webm": (["vp8", "vp9"], ["vorbis"]),
    ]

    mutating func check(_ preset: JSONValue) {
        guard let codecs = Self.codecs[preset["Container"]?.text ?? ""] else { return }
        if preset["Video"] == nil, preset["Audio"] == nil {
            violations.append("[Video and Audio are not allowed to both be null.]")
        }
        if let video = preset["Video"] { check(video: video, codecs.video) }
        if let audio = preset["Audio"] { check(audio: audio, codecs.audio) }
        if let thumbnails = preset["Thumbnails"] {
            check(number: thumbnails["Interval"], "thumbnails.interval", 1...99_999)
            checkSize(of: thumbnails, "thumbnails", width: 32...4096, height: 32...3072)
        }
    }

    private mutating func check(video: JSONValue, _ codecs: [String]) {
        check(choice: video["Codec"], "video.codec", codecs, isRequired: true)
        check(number: video["KeyframesMaxDist"], "video.keyframesMaxDist", 1...100_000)
        checkSize(of: video, "video", width: 128...4096, height: 96...3072)
        if video["Resolution"] != nil, video["DisplayAspectRatio"] != nil {
            violations.append("[Resolution and DisplayAspectRatio are mutually exclusive.]")
        }
        check(videoOptions: video["CodecOptions"]?.texts ?? [:], codec: video["Codec"]?.text ?? "")
        let watermarks = video["Watermarks"]?.elements ?? []
        if watermarks.count > 4 {
            fail("\(watermarks.count) members", "video.watermarks", "have length less than or equal to 4")
        }
        var names: Set<String> = []
        for (index, watermark) in watermarks.prefix(4).enumerated() {
            let path = "video.watermarks.\(index + 1).member"
            guard let name = watermark["Id"]?.text else {
                violations.append(Self.null("\(path).id"))
                continue
            }
            if !names.insert(name).inserted {
                fail(RequestReader.excerpt(name), "\(path).id", "be unlike that of other watermarks")
            }
            if let opacity = watermark["Opacity"]?.text, Double(opacity).map({ $0 > 100 }) ?? true {
                fail(opacity, "\(path).opacity", "be from 0 to 100")
            }
        }
    }

    private mutating func check(videoOptions options: [String: String], codec: String) {
        let allowed: [String: [String]?]
        switch codec {
        case "H.264":
            let levels = ["1", "1b", "1.1", "1.2", "1.3", "2", "2.1", "2.2", "3", "3.1", "3.2", "4", "4.1"]
            allowed = Self.pictureOptions.merging(
                ["Profile": ["baseline", "main", "high"], "Level": levels, "MaxReferenceFrames": nil]
            ) { $1 }
        case "mpeg2":
            allowed = Self.pictureOptions.merging(["ChromaSubsampling": ["yuv420p", "yuv422p"]]) { $1 }
        case "vp8": allowed = ["Profile": ["0", "1", "2", "3"], "MaxBitRate": nil, "BufferSize": nil]
        case "vp9": allowed = ["Profile": ["0"], "MaxBitRate": nil, "BufferSize": nil]
        case "gif": allowed = ["LoopCount": nil]
        default: return
        }
        for (name, value) in options.sorted(by: { $0.key < $1.key }) {
            let path = "video.codecOptions.\(RequestReader.excerpt(name)).member"
            guard let choices = allowed[name] else {
                fail(value, path, "be an option of the codec \(codec)")
                continue
            }
            if let choices { check(choice: .string(value), path, choices) }
        }
        func number(_ name: String, _ range: ClosedRange<Int>) {
            check(number: options[name].map(JSONValue.string), "video.codecOptions.\(name).member", range)
        }
        number("MaxReferenceFrames", 0...16)
        number("MaxBitRate", 16...62_500)
        number("BufferSize", 1...10_000_000)
        if options["LoopCount"] != "Infinite" { number("LoopCount", 0...100) }
    }

    /// Options of the codecs that broadcasters use; `nil` allows any value here.
    private static let pictureOptions: [String: [String]?] = [
        "MaxBitRate": nil, "BufferSize": nil,
        "InterlacedMode": ["Progressive", "TopFirst", "BottomFirst", "Auto"],
        "ColorSpaceConversionMode": ["None", "Bt709toBt601", "Bt601toBt709", "Auto"],
    ]

    private mutating func check(audio: JSONValue, _ codecs: [String]) {
        check(choice: audio["Codec"], "audio.codec", codecs, isRequired: true)
        let codec = audio["Codec"]?.text ?? ""
        if !["pcm", "flac"].contains(codec) { check(number: audio["BitRate"], "audio.bitRate", 64...320) }
        let options = audio["CodecOptions"]
        let allowed: [String: [String]] =
            switch codec {
            case "AAC": ["Profile": ["auto", "AAC-LC", "HE-AAC", "HE-AACv2"]]
            case "flac": ["BitDepth": ["16", "24"]]
            case "pcm":
                [
                    "BitDepth": ["8", "16", "24", "32"], "BitOrder": ["LittleEndian"],
                    "Signed": ["Signed", "Unsigned"],
                ]
            default: [:]
            }
        for (name, value) in (options?.texts ?? [:]).sorted(by: { $0.key < $1.key }) {
            let path = "audio.codecOptions.\(RequestReader.path(name))"
            guard let choices = allowed[name] else {
                fail(value, path, "be null for the codec \(codec)")
                continue
            }
            check(choice: .string(value), path, choices)
        }
    }

    /// Sides in pixels, even, or the older members for the same, but not both.
    private mutating func checkSize(
        of picture: JSONValue,
        _ path: String,
        width: ClosedRange<Int>,
        height: ClosedRange<Int>
    ) {
        check(side: picture["MaxWidth"]?.text, "\(path).maxWidth", width)
        check(side: picture["MaxHeight"]?.text, "\(path).maxHeight", height)
        guard let resolution = picture["Resolution"]?.text else { return }
        for name in ["MaxWidth", "MaxHeight", "SizingPolicy", "PaddingPolicy"] where picture[name] != nil {
            violations.append("[Resolution and \(name) are mutually exclusive.]")
        }
        let sides = resolution.split(separator: "x").map(String.init)
        guard sides.count == 2 else { return }
        check(side: sides[0], "\(path).resolution", width)
        check(side: sides[1], "\(path).resolution", height)
    }

    private mutating func check(side: String?, _ path: String, _ range: ClosedRange<Int>) {
        guard let side, side != "auto" else { return }
        guard let pixels = Int(side), range.contains(pixels), pixels.isMultiple(of: 2) else {
            fail(side, path, "be an even number from \(range.lowerBound) to \(range.upperBound)")
            return
        }
    }

    private mutating func check(number value: JSONValue?, _ path: String, _ range: ClosedRange<Int>) {
        guard let text = value?.text else { return }
        guard let number = Int(text), range.contains(number) else {
            fail(RequestReader.excerpt(text), path, "be from \(range.lowerBound) to \(range.upperBound)")
            return
        }
    }

    private mutating func check(
        choice value: JSONValue?,
        _ path: String,
        _ choices: [String],
        isRequired: Bool = false
    ) {
        guard let text = value?.text else {
            if isRequired { violations.append(Self.null(path)) }
            return
        }
        guard !choices.contains(text) else { return }
        let list =
            choices.isEmpty ? "be absent for this container" : "be one of " + choices.joined(separator: ", ")
        fail(RequestReader.excerpt(text), path, list)
    }

    private mutating func fail(_ value: String, _ path: String, _ constraint: String) {
        violations.append(
            "Value '\(value)' at '\(path)' failed to satisfy constraint: Member must \(constraint)"
        )
    }

    static func null(_ path: String) -> String {
        "Value null at '\(path)' failed to satisfy constraint: Member must not be null"
    }
}
