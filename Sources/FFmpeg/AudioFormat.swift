internal import CFFmpeg

/// What an encoder's blocks of sound are.
public struct AudioFormat: Sendable, Hashable {
    public let sampleRate: Int
    public let channelCount: Int
    public let sampleFormat: SampleFormat

    public init(
        sampleRate: Int,
        channelCount: Int,
        sampleFormat: SampleFormat = .floatPlanar
    ) {
        self.sampleRate = sampleRate
        self.channelCount = channelCount
        self.sampleFormat = sampleFormat
    }
}

/// How one sample is written down.
public enum SampleFormat: Sendable, Hashable {
    /// 32-bit floating point, a plane a channel.
    case floatPlanar
    /// 32-bit floating point, channels in turn.
    case float
    /// Unsigned 8 bits, channels in turn.
    case unsigned8
    /// Signed 16 bits, channels in turn.
    case signed16
    /// Signed 32 bits, channels in turn.
    case signed32

    var av: AVSampleFormat {
        switch self {
        case .floatPlanar: AV_SAMPLE_FMT_FLTP
        case .float: AV_SAMPLE_FMT_FLT
        case .unsigned8: AV_SAMPLE_FMT_U8
        case .signed16: AV_SAMPLE_FMT_S16
        case .signed32: AV_SAMPLE_FMT_S32
        }
    }

    /// Whether what is rounded off would be heard.
    var needsDither: Bool { self == .unsigned8 || self == .signed16 }
}
