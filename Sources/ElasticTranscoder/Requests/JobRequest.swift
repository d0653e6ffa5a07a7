internal import Jobs
internal import Transcoding

/// What a request to make a job says, read member by member.
struct JobRequest {
    /// Longer object keys exist nowhere.
    private static let keyLimit = 1024
    private static let stated = ["FrameRate", "Resolution", "AspectRatio", "Interlaced", "Container"]

    private(set) var violations: [String] = []
    private(set) var inputKey = ""
    /// What the client says of the input.
    private(set) var stated: [String: String] = [:]
    /// The part of the input that is used; `nil` means all of it.
    private(set) var timeSpan: Job.TimeSpan?
    private(set) var outputs: [Job.Output] = []
    /// Where each output is in the request.
    private(set) var paths: [String] = []

    init(_ request: JSONValue) {
        readInput(request)
        readOutputs(request)
        if !(request["Playlists"]?.elements ?? []).isEmpty { refuse("playlists") }
        checkMetadata(request["UserMetadata"]?.texts ?? [:])
    }

    // MARK: - Input

    private mutating func readInput(_ request: JSONValue) {
        let several = request["Inputs"]?.elements
        if request["Input"] != nil, several != nil {
            violations.append("[Input and Inputs are mutually exclusive.]")
        }
        let (path, input) =
            request["Input"].map { ("input", $0) } ?? ("inputs.1.member", several?.first ?? .null)
        if let several, several.count > 1 { refuse("inputs.2.member") }
        guard input != .null else {
            violations.append(PresetRules.null(several == nil ? "input" : "inputs.1.member"))
            return
        }
        if let key = input["Key"]?.text {
            inputKey = key
            checkKey(key, "\(path).key")
        } else {
            violations.append(PresetRules.null("\(path).key"))
        }
        for name in Self.stated {
            guard let value = input[name]?.text else { continue }
            stated[name] = value
            if value != "auto" { refuse("\(path).\(RequestReader.path(name))", value) }
        }
        timeSpan = readSpan(input["TimeSpan"], "\(path).timeSpan")
        for name in ["Encryption", "InputCaptions"] where !isEmpty(input[name]) {
            refuse("\(path).\(RequestReader.path(name))")
        }
    }

    /// The part of an input that a structure names; `nil` when it names none.
    private mutating func readSpan(_ span: JSONValue?, _ path: String) -> Job.TimeSpan? {
        guard let span, !isEmpty(span) else { return nil }
        let (start, duration) = (span["StartTime"]?.text, span["Duration"]?.text)
        if let start, ClipTime.seconds(start) == nil { fail(start, "\(path).startTime", "be a time") }
        if let duration, (ClipTime.seconds(duration) ?? 0) <= 0 {
            fail(duration, "\(path).duration", "be more than no time")
        }
        return Job.TimeSpan(start: start, duration: duration)
    }

    // MARK: - Outputs

    private mutating func readOutputs(_ request: JSONValue) {
        let several = request["Outputs"]?.elements
        if request["Output"] != nil, several != nil {
            violations.append("[Output and Outputs are mutually exclusive.]")
        }
        if let output = request["Output"] {
            read(output, "output", request)
        } else if let several, !several.isEmpty {
            for (index, output) in several.enumerated() {
                read(output, "outputs.\(index + 1).member", request)
            }
        } else {
            violations.append(PresetRules.null(several == nil ? "output" : "outputs.1.member"))
        }
    }

    private mutating func read(_ output: JSONValue, _ path: String, _ request: JSONValue) {
        let key = output["Key"]?.text
        let preset = output["PresetId"]?.text
        if key == nil { violations.append(PresetRules.null("\(path).key")) }
        if preset == nil { violations.append(PresetRules.null("\(path).presetId")) }
        if let key {
            checkKey((request["OutputKeyPrefix"]?.text ?? "") + key, "\(path).key")
            if outputs.contains(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
                fail(key, "\(path).key", "be unlike that of other outputs")
            }
        }
        checkAbilities(output, path)
        var made = Job.Output(id: "\(outputs.count + 1)", key: key ?? "", presetID: preset ?? "")
        made.thumbnailPattern = output["ThumbnailPattern"]?.text
        made.rotate = output["Rotate"]?.text
        let clips = output["Composition"]?.elements ?? []
        if clips.count > 1 { refuse("\(path).composition.2.member") }
        made.timeSpan = readSpan(clips.first?["TimeSpan"], "\(path).composition.1.member.timeSpan")
        outputs.append(made)
        paths.append(path)
    }

    /// Refuses what the engine cannot do yet: a rendition without it would be a wrong one.
    private mutating func checkAbilities(_ output: JSONValue, _ path: String) {
        if let pattern = output["ThumbnailPattern"]?.text, !pattern.isEmpty {
            refuse("\(path).thumbnailPattern", pattern)
        }
        if let rotate = output["Rotate"]?.text, rotate != "auto" { refuse("\(path).rotate", rotate) }
        if let seconds = output["SegmentDuration"]?.text { refuse("\(path).segmentDuration", seconds) }
        let others = [
            "Watermarks", "AlbumArt", "Captions", "Encryption", "ThumbnailEncryption",
        ]
        for name in others where !isEmpty(output[name]) { refuse("\(path).\(RequestReader.path(name))") }
    }

    // MARK: - What they share

    /// At most 10 pairs of characters that travel everywhere.
    private mutating func checkMetadata(_ metadata: [String: String]) {
        if metadata.count > 10 {
            fail("\(metadata.count) members", "userMetadata", "have length less than or equal to 10")
        }
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }).prefix(11) {
            let path = "userMetadata.\(RequestReader.excerpt(name))"
            if !(1...128).contains(name.utf8.count) || !name.unicodeScalars.allSatisfy(Self.isPlain) {
                fail(name, "\(path).key", "have 1 to 128 of the characters 0-9A-Za-z _.:/=+-%@")
            }
            if value.utf8.count > 256 || !value.unicodeScalars.allSatisfy(Self.isPlain) {
                fail(value, "\(path).member", "have at most 256 of the characters 0-9A-Za-z _.:/=+-%@")
            }
        }
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", " ", "_", ".", ":", "/", "=", "+", "-", "%", "@": true
        default: false
        }
    }

    private mutating func checkKey(_ key: String, _ path: String) {
        guard key.utf8.count > Self.keyLimit else { return }
        fail(key, path, "have at most \(Self.keyLimit) bytes, its prefix included")
    }

    private func isEmpty(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null: true
        case .array(let values): values.allSatisfy { isEmpty($0) }
        case .object(let members): members.values.allSatisfy { isEmpty($0) }
        case .string(let text): text.isEmpty
        default: false
        }
    }

    private mutating func refuse(_ path: String, _ value: String? = nil) {
        let shown = value.map { "Value '\(RequestReader.excerpt($0))'" } ?? "Value"
        violations.append(
            "\(shown) at '\(path)' failed to satisfy constraint: Member is not supported by this service yet"
        )
    }

    private mutating func fail(_ value: String, _ path: String, _ constraint: String) {
        violations.append(
            "Value '\(RequestReader.excerpt(value))' at '\(path)' failed to satisfy constraint: "
                + "Member must \(constraint)"
        )
    }
}
