extension Preset {
    /// How sound is made.
    public struct Audio: Sendable, Equatable, Codable {
        /// How the sound is encoded.
        public var codec: AudioCodec
        /// Of AAC.
        public var profile: AACProfile
        /// Hertz; `nil` keeps the input's, or the nearest that the codec has.
        public var sampleRate: Int?
        /// `nil` where the codec has none to choose, as with PCM.
        public var bitsPerSecond: Int?
        /// `nil` keeps the input's, eight at most.
        public var channelCount: Int?
        /// Bits a sample, of PCM and FLAC.
        public var bitDepth: Int
        /// Whether PCM samples are signed.
        public var isSigned: Bool
        /// How channels are put into tracks.
        public var packing: AudioPacking
    }

    /// Which of AAC's object types is made.
    public enum AACProfile: String, Sendable, Codable, CaseIterable {
        /// By the bit rate.
        case auto
        case lc
        case he
        case heV2
    }

    /// How channels are spread over an output's tracks.
    public enum AudioPacking: String, Sendable, Codable, CaseIterable {
        case singleTrack
        case oneChannelPerTrack
        /// With silent tracks up to eight.
        case oneChannelPerTrackUpTo8
    }
}

extension Preset.Audio {
    /// The rate that the settings lead to at most.
    var expectedBitsPerSecond: Int {
        bitsPerSecond ?? (sampleRate ?? 48_000) * (channelCount ?? 8) * bitDepth
    }
}
