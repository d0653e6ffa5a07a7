public import FFmpeg

/// What to make of what.
public struct TranscodeRequest: Sendable {
    public var inputPath: String
    public var outputPath: String
    public var preset: Preset
    public var limits = IngestLimits()
    /// Cores to share out; `nil` means all of them.
    public var threads: Int?
    /// Whether a file already at `outputPath` may be replaced.
    public var replacesOutput = false

    public init(inputPath: String, outputPath: String, preset: Preset) {
        self.inputPath = inputPath
        self.outputPath = outputPath
        self.preset = preset
    }
}

/// How far a transcode has come; reported at most ten times a second.
public struct TranscodeProgress: Sendable {
    /// Seconds of the output written so far.
    public let seconds: Double
    /// Seconds the container promises; `nil` when it does not say.
    public let totalSeconds: Double?
    public let frameCount: Int
    public let byteCount: Int64
    /// Wall seconds since the start.
    public let elapsed: Double
}

/// What a transcode made.
public struct TranscodeResult: Sendable {
    /// One stage's share of the work.
    public struct StageTime: Sendable {
        public let name: String
        /// Wall seconds in which the stage worked, waiting for other stages not counted.
        public let busySeconds: Double
    }

    public let outputPath: String
    public let byteCount: Int64
    /// Seconds.
    public let duration: Double
    public let size: Size
    public let frameRate: Rational
    public let hasAudio: Bool
    public let decodedFrameCount: Int
    public let frameCount: Int
    public let wallSeconds: Double
    public let cpuSeconds: Double
    public let stages: [StageTime]
}
