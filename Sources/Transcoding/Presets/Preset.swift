/// The settings of one rendition, as values.
public struct Preset: Sendable, Equatable, Codable {
    /// As clients of the API name it.
    public var id: String
    /// For people.
    public var name: String
    /// What the streams are put into.
    public var container: Container
    /// `nil` for a rendition of sound alone.
    public var video: Video?
    /// `nil` for a rendition without sound.
    public var audio: Audio?
    /// How the engine goes about it.
    public var engine: EngineOptions

    /// Makes a preset of values, which are checked when it is used.
    public init(
        id: String,
        name: String,
        container: Container = .mp4,
        video: Video?,
        audio: Audio?,
        engine: EngineOptions = EngineOptions()
    ) {
        self.id = id
        self.name = name
        self.container = container
        self.video = video
        self.audio = audio
        self.engine = engine
    }

    /// Bits of media per second that the preset leads to at most, over some seconds; for estimates and limits.
    public var expectedBitsPerSecond: Int {
        (video?.expectedBitsPerSecond ?? 0) + (audio?.expectedBitsPerSecond ?? 0)
    }
}

/// What an output's streams are put into.
public enum Container: String, Sendable, Codable, CaseIterable {
    case mp4
    /// MP4 in fragments, as for MPEG-DASH and Smooth Streaming.
    case fmp4
    case webm
    /// An MPEG-2 transport stream.
    case ts
    case flv
    /// An MPEG-2 program stream.
    case mpg
    case mxf
    case mp2
    case mp3
    /// MP4 with sound alone.
    case m4a
    case ogg
    /// Ogg with sound alone.
    case oga
    case flac
    case wav
    case gif

    /// The codecs of pictures that it can hold.
    public var videoCodecs: [VideoCodec] {
        switch self {
        case .mp4, .fmp4: [.h264, .hevc, .av1]
        case .webm: [.vp8, .vp9, .av1]
        case .ts: [.h264, .hevc]
        case .flv: [.h264]
        case .mpg, .mxf: [.mpeg2]
        case .gif: [.gif]
        case .mp2, .mp3, .m4a, .ogg, .oga, .flac, .wav: []
        }
    }

    /// The codecs of sound that it can hold.
    public var audioCodecs: [AudioCodec] {
        switch self {
        case .mp4, .flv, .ts: [.aac, .mp3]
        case .fmp4, .m4a: [.aac]
        case .webm: [.vorbis, .opus]
        case .mpg, .mp2: [.mp2]
        case .mxf, .wav: [.pcm]
        case .mp3: [.mp3]
        case .ogg, .oga: [.flac, .vorbis, .opus]
        case .flac: [.flac]
        case .gif: []
        }
    }
}

/// How pictures are encoded.
public enum VideoCodec: String, Sendable, Codable, CaseIterable {
    case h264
    case hevc
    case vp8
    case vp9
    case av1
    case mpeg2
    case gif
}

/// How sound is encoded.
public enum AudioCodec: String, Sendable, Codable, CaseIterable {
    case aac
    case mp3
    case mp2
    case vorbis
    case opus
    case flac
    case pcm
}

/// What Elastic Transcoder's presets cannot say: how the engine goes about it.
public struct EngineOptions: Sendable, Equatable, Codable {
    /// How much work the encoder puts into a picture.
    public enum Speed: String, Sendable, Codable, CaseIterable {
        case fastest
        case fast
        case balanced
        case best
    }

    /// What the encoder of pictures aims at.
    public enum RateControl: String, Sendable, Codable, CaseIterable {
        /// The preset's bit rate.
        case average
        /// A quality, with the preset's bit rate as the most it may take.
        case quality
    }

    /// Whether every picture lasts equally long, at the rate that the preset names.
    ///
    /// Otherwise that rate is an upper bound, and pictures keep their times.
    public var exactFrameRate = false
    /// How much work the encoder puts into a picture.
    public var speed = Speed.balanced
    /// What the encoder of pictures aims at.
    public var rateControl = RateControl.average
    /// The quality aimed at, in the encoder's own units of 0...63, less is better; `nil` means its usual one.
    public var quality: Int?

    /// The defaults.
    public init() {}
}
