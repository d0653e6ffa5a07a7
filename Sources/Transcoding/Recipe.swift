internal import FFmpeg
public import Foundation

/// The version of this engine.
public enum EngineVersion {
    /// As `recast --version` prints it.
    public static let current = "0.1.0"
}

/// What made a rendition, so that it can be made again.
public struct Recipe: Sendable, Codable, Equatable {
    /// One input.
    public struct Source: Sendable, Codable, Equatable {
        /// The file's name without its folders; it may have another one by now.
        public var name: String
        /// Bytes of the whole input.
        public var byteCount: Int64
        /// In hexadecimal; `nil` when the input was not read whole, as for a part of it.
        public var sha256: String?
        /// Seconds, where not all of it was used.
        public var start: Double?
        /// Seconds that were used, where it was not all to the end.
        public var duration: Double?
    }

    /// How many threads each part had; some encoders' output depends on it.
    public struct ThreadPlan: Sendable, Codable, Equatable {
        /// Those that were shared out.
        public var cores: Int
        /// Threads of the decoder of pictures.
        public var decoder: Int
        /// Threads of the filters.
        public var filter: Int
        /// Threads of the encoder of pictures.
        public var encoder: Int
    }

    /// Where the pictures were cut into ranges that were encoded by themselves.
    public struct Segments: Sendable, Codable, Equatable {
        /// Ranges that were wanted.
        public var wanted: Int
        /// Seconds that a range lasts at least.
        public var leastSeconds: Double
        /// Seconds of the output at which each range begins; the first one at 0.
        public var starts: [Double]
        /// The rate of each; `nil` where a quality was aimed at.
        public var bitsPerSecond: Int?
        /// The constant rate factor at which each began; `nil` as the rate.
        public var quality: Double?
    }

    /// The inputs, in the order in which they were joined.
    public var sources: [Source]
    /// All values of the preset.
    public var preset: Preset
    /// What was asked for of the sound.
    public var language: String?
    /// LUFS; `nil` when the loudness stayed what it was.
    public var loudness: Double?
    /// The version of the engine.
    public var engine: String
    /// FFmpeg's release, and the version of each of its libraries.
    public var release: String
    /// The version of each library, by its name.
    public var libraries: [String: String]
    /// What the encoder of pictures writes of itself into the stream, such as `x264 - core 164 r3095 baee400`.
    public var videoEncoder: String?
    /// How the cores were shared out.
    public var threads: ThreadPlan
    /// `nil` where the pictures were made as a whole.
    public var segments: Segments?
    /// Whether the input was damaged beyond tolerance, and transcoded all the same.
    public var allowsDamage: Bool
    /// In hexadecimal; `nil` when the output could not be read back.
    public var outputSHA256: String?
    /// Bytes of the output.
    public var outputByteCount: Int64
    /// Whether the same recipe makes the same bytes.
    ///
    /// x264 with a rate cap looks at how far its other threads have come, so it repeats only with one thread
    /// or without a cap.
    public var isRepeatable: Bool

    init(
        _ sources: [Source],
        _ request: TranscodeRequest,
        _ preset: Preset,
        _ share: CoreShare,
        cores: Int,
        maker: VideoEncodeStage.Maker?,
        output: (sha256: String?, byteCount: Int64)
    ) {
        self.sources = sources
        self.preset = preset
        language = request.language
        loudness = request.loudness
        engine = EngineVersion.current
        release = LibraryVersions.release
        libraries = LibraryVersions.all
        videoEncoder = maker?.name
        threads = ThreadPlan(
            cores: cores,
            decoder: share.decoder,
            filter: share.filter,
            encoder: share.encoder
        )
        allowsDamage = request.allowsDamage
        outputSHA256 = output.sha256
        outputByteCount = output.byteCount
        isRepeatable = maker?.isRepeatable ?? true
    }

    /// Reads a recipe, or the recipe in the last line of what `recast transcode --json` printed.
    ///
    /// - Throws: `input.missing` or `input.unreadable`.
    public static func read(_ path: String) throws(TranscodingError) -> Recipe {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TranscodingError(.inputMissing, "\(path) does not exist")
        }
        struct Result: Decodable { let recipe: Recipe }
        let decoder = JSONDecoder()
        if let recipe = try? decoder.decode(Recipe.self, from: data) { return recipe }
        for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).reversed() {
            if let result = try? decoder.decode(Result.self, from: Data(line.utf8)) { return result.recipe }
        }
        throw TranscodingError(.inputUnreadable, "\(path) holds no recipe")
    }

    /// The recipe as JSON, its keys in alphabetical order.
    public var json: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Numbers, texts and their collections always encode.
        return (try? encoder.encode(self)) ?? Data()
    }
}
