public import FFmpeg
internal import Foundation

/// What is transcoded.
public enum TranscodeInput: Sendable {
    case file(path: String)
    /// Bytes from elsewhere; the name is for messages only.
    case reader(any ByteReader, name: String)

    /// The path, or the name of a reader.
    public var name: String {
        switch self {
        case .file(let path): path
        case .reader(_, let name): name
        }
    }
}

/// An input of a transcode, or a part of it.
public struct InputClip: Sendable {
    /// What is transcoded.
    public var input: TranscodeInput
    /// Seconds from the input's start.
    ///
    /// What is shown at this moment is the first picture; sound is cut to the sample.
    public var start: Double
    /// Seconds; `nil` for all that follows, which is also what an input that ends earlier gives.
    public var duration: Double?

    /// Takes a part of an input, from its beginning to its end unless told.
    public init(_ input: TranscodeInput, start: Double = 0, duration: Double? = nil) {
        self.input = input
        self.start = start
        self.duration = duration
    }

    /// The input's name without folders, for messages.
    var name: String { (input.name as NSString).lastPathComponent }
}

/// Where the result goes.
public enum TranscodeOutput: Sendable {
    /// The file appears under its name when it is whole.
    case file(path: String)
    /// A file without a name yet, written and read back in any order.
    case unnamedFile(any ByteWriter, name: String)
    /// Bytes to elsewhere, written once each in rising order, except for the head, which comes last.
    ///
    /// The first bytes, `MoovReserve` and a little more, are written in one piece from offset 0 when the
    /// rest is there and has been checked. The writer is never read. It takes inputs that state how long
    /// they are; for others the transcode throws `output.needs-file`.
    case writer(any ByteWriter, name: String)

    /// Whether what was written can be read again.
    var isReadable: Bool {
        if case .writer = self { return false }
        return true
    }

    /// The path, or the name of a writer.
    public var name: String {
        switch self {
        case .file(let path): path
        case .unnamedFile(_, let name), .writer(_, let name): name
        }
    }
}

/// What to make of what.
public struct TranscodeRequest: Sendable {
    /// What is joined, in this order; at least one.
    ///
    /// The first decides the picture's size, colours and rate; a picture of another shape gets bars. Where some
    /// have sound, those without are silent.
    public var clips: [InputClip]
    /// What to make, from one decode; at least one.
    public var renditions: [Rendition]
    /// What an input may ask for.
    public var limits = IngestLimits()
    /// Cores to share out; `nil` means all of them.
    public var threads: Int?
    /// Whether a file already at the output's path may be replaced.
    public var replacesOutput = false
    /// Whether an input that is damaged by more than a little is transcoded as far as it goes.
    ///
    /// The result then says what was damaged.
    public var allowsDamage = false
    /// The language of the sound where an input has several, as in ISO 639 (`de`, `deu`); `nil` for the default.
    public var language: String?
    /// The loudness to bring the sound to, in LUFS (EBU R 128), -70...-5; `nil` leaves it.
    ///
    /// The sound is measured first, all of it, and then changed as a whole; true peaks stay under -1 dB.
    public var loudness: Double?

    /// Whether the pictures are encoded in ranges of the input, side by side.
    public var segments = SegmentChoice.automatic
    /// A folder in which finished ranges are kept until the output is there, so that a transcode that was killed
    /// and is asked for again goes on where it was; `nil` keeps none.
    ///
    /// The pictures are made in ranges then, unless `segments` is `off`.
    public var resumeFolder: String?
    /// Seconds that a range lasts at least, where tests want shorter ones.
    package var leastSegmentSeconds: Double?
    /// How the cores are to be shared out, to repeat what was done before; `nil` for what suits.
    package var threadPlan: Recipe.ThreadPlan?

    /// One encoding of the input.
    public struct Rendition: Sendable {
        /// What to make.
        public var preset: Preset
        /// Where the result goes.
        public var output: TranscodeOutput

        /// Describes an encoding.
        public init(preset: Preset, output: TranscodeOutput) {
            self.preset = preset
            self.output = output
        }

        /// Describes an encoding that becomes a file.
        public init(preset: Preset, outputPath: String) {
            self.init(preset: preset, output: .file(path: outputPath))
        }
    }

    /// Asks for one rendition of one input.
    public init(input: TranscodeInput, output: TranscodeOutput, preset: Preset) {
        self.init(clips: [InputClip(input)], output: output, preset: preset)
    }

    /// Joins clips, of which there must be one at least.
    public init(clips: [InputClip], output: TranscodeOutput, preset: Preset) {
        self.init(clips: clips, renditions: [Rendition(preset: preset, output: output)])
    }

    /// Asks for several renditions of the same clips; one at least of each.
    public init(clips: [InputClip], renditions: [Rendition]) {
        precondition(!clips.isEmpty, "a transcode needs an input")
        precondition(!renditions.isEmpty, "a transcode needs an output")
        self.clips = clips
        self.renditions = renditions
    }

    /// Asks for several renditions of a file, of which there must be one at least.
    public init(inputPath: String, renditions: [Rendition]) {
        self.init(clips: [InputClip(.file(path: inputPath))], renditions: renditions)
    }

    /// Asks for one rendition of a file, as a file.
    public init(inputPath: String, outputPath: String, preset: Preset) {
        self.init(input: .file(path: inputPath), output: .file(path: outputPath), preset: preset)
    }

    /// The first input.
    public var input: TranscodeInput { clips[0].input }
    /// The first input's path, or its name when it is no file.
    public var inputPath: String { input.name }
    /// Where the first rendition goes.
    public var output: TranscodeOutput {
        get { renditions[0].output }
        set { renditions[0].output = newValue }
    }
    /// What the first rendition is.
    public var preset: Preset {
        get { renditions[0].preset }
        set { renditions[0].preset = newValue }
    }
    /// The first output's path, or its name when it is no file.
    public var outputPath: String { output.name }
}

/// How far a transcode has come; reported at most ten times a second.
public struct TranscodeProgress: Sendable, Codable {
    /// Seconds of the output written so far; of several, on average.
    public let seconds: Double
    /// Seconds the container promises; `nil` when it does not say.
    public let totalSeconds: Double?
    /// Pictures written so far, to all outputs.
    public let frameCount: Int
    /// Bytes written so far, to all outputs.
    public let byteCount: Int64
    /// Wall seconds since the start.
    public let elapsed: Double
    /// What the container says of the input, its duration 0 when it says none; in the first report only.
    public let input: DetectedProperties?

    /// Makes a report.
    public init(
        seconds: Double,
        totalSeconds: Double?,
        frameCount: Int,
        byteCount: Int64,
        elapsed: Double,
        input: DetectedProperties? = nil
    ) {
        self.seconds = seconds
        self.totalSeconds = totalSeconds
        self.frameCount = frameCount
        self.byteCount = byteCount
        self.elapsed = elapsed
        self.input = input
    }
}

/// What an input turned out to be.
public struct DetectedProperties: Sendable, Equatable, Codable {
    /// libav's name of the format, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    public let container: String
    /// Bytes of the whole input.
    public let byteCount: Int64
    /// Seconds, as the container states it, else as far as was decoded.
    public let duration: Double
    /// Pixels, as coded; `nil` without pictures, like all that describes them.
    public let size: Size?
    /// The same pixels, turned as the picture is to be shown.
    public let uprightSize: Size?
    /// Frames per second on average.
    public let frameRate: Double?
    /// libav's name of the codec; `nil` without pictures.
    public let videoCodec: String?
    /// `nil` without sound.
    public let audioCodec: String?
}

/// What a transcode made.
public struct TranscodeResult: Sendable, Codable {
    /// One stage's share of the work.
    public struct StageTime: Sendable, Codable {
        /// The stage.
        public let name: String
        /// Wall seconds in which the stage worked, waiting for other stages not counted.
        public let busySeconds: Double
    }

    /// What one stream of the output holds.
    public struct StreamShare: Sendable, Codable, Equatable {
        /// libav's name of the codec.
        public let codec: String
        /// Of its packets, without the container.
        public let byteCount: Int64
        /// On average over the output's duration.
        public let bitsPerSecond: Int64
    }

    /// The output's path, or its name when it is no file.
    public let outputPath: String
    /// Bytes of the whole output.
    public let byteCount: Int64
    /// Seconds.
    public let duration: Double
    /// `nil` without pictures, like all that describes them.
    public let size: Size?
    /// Frames per second on average; `nil` without pictures.
    public let frameRate: Rational?
    /// The pictures; `nil` without any.
    public let video: StreamShare?
    /// `nil` without sound.
    public let audio: StreamShare?
    /// What the input turned out to be.
    public let input: DetectedProperties
    /// Pictures that the input held.
    public let decodedFrameCount: Int
    /// Pictures that the output holds.
    public let frameCount: Int
    /// What was damaged in the input, and yet tolerated or allowed; `nil` when nothing was found.
    public let damage: InputDamage?
    /// Seconds by which the output is shorter than was asked for, because inputs end before the parts of them
    /// that are wanted; `nil` where nothing lacks.
    public let shortSeconds: Double?
    /// The mean over luma and chroma of sampled pictures against those that were encoded, 0...1.
    ///
    /// `nil` when none could be compared, as with pictures of less than 16 pixels.
    public let ssim: Double?
    /// How the pictures were made in ranges, or why not; `nil` where nobody thought of it.
    public let segments: SegmentUse?
    /// What made it.
    public let recipe: Recipe
    /// From start to end.
    public let wallSeconds: Double
    /// Of the whole process, from start to end.
    public let cpuSeconds: Double
    /// What each stage was busy with.
    public let stages: [StageTime]

    /// Whether the output holds sound.
    public var hasAudio: Bool { audio != nil }
}
