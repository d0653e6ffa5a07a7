internal import FFmpeg

/// The settings of what a file may be and cost: `limits.maxWidth` and so on, as `IngestLimits` names them.
enum LimitSettings {
    static var whole: [(name: String, path: WritableKeyPath<IngestLimits, Int>)] {
        [
            ("maxWidth", \.maxWidth), ("maxHeight", \.maxHeight), ("maxPixels", \.maxPixels),
            ("maxStreams", \.maxStreams), ("maxChannels", \.maxChannels), ("maxSampleRate", \.maxSampleRate),
        ]
    }
    static var bytes: [(name: String, path: WritableKeyPath<IngestLimits, Int64>)] {
        [
            ("maxInputBytes", \.maxInputBytes), ("maxResidentBytes", \.maxResidentBytes),
        ]
    }
    static var numbers: [(name: String, unit: String, path: WritableKeyPath<IngestLimits, Double>)] {
        [
            ("maxFrameRate", "frames per second", \.maxFrameRate), ("maxDuration", "seconds", \.maxDuration),
            ("maxGap", "seconds", \.maxGap), ("cpuSecondsBase", "seconds", \.cpuSecondsBase),
            ("cpuSecondsPerSecond", "seconds", \.cpuSecondsPerSecond),
            ("wallSecondsBase", "seconds", \.wallSecondsBase),
            ("wallSecondsPerSecond", "seconds", \.wallSecondsPerSecond),
            ("outputBytesFactor", "", \.outputBytesFactor), ("openSeconds", "seconds", \.openSeconds),
        ]
    }

    static func read(_ reader: inout ConfigurationReader) -> IngestLimits {
        var limits = IngestLimits()
        for (name, path) in whole {
            limits[keyPath: path] = reader.read(
                setting(name),
                variable(name),
                .whole(1...1_000_000_000),
                default: limits[keyPath: path]
            )
        }
        for (name, path) in bytes {
            limits[keyPath: path] = reader.read(
                setting(name),
                variable(name),
                .bytes(1...(1 << 50)),
                default: limits[keyPath: path]
            )
        }
        for (name, unit, path) in numbers {
            limits[keyPath: path] = reader.read(
                setting(name),
                variable(name),
                .number(0.001...1e9, of: unit),
                default: limits[keyPath: path]
            )
        }
        return limits
    }

    private static func setting(_ name: String) -> String { "limits.\(name)" }
    private static func variable(_ name: String) -> String { "RECAST_LIMIT_\(Spelling.screaming(name))" }
}
