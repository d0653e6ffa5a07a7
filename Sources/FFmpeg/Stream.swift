internal import CFFmpeg
internal import Foundation

/// A stream's codec parameters: a copy of its own, read-only.
// Safe: written once in init.
public final class CodecParameters: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<AVCodecParameters>

    init(copying original: UnsafePointer<AVCodecParameters>) throws(FFmpegError) {
        pointer = try allocated(avcodec_parameters_alloc(), "allocate codec parameters")
        try check(avcodec_parameters_copy(pointer, original), "copy codec parameters")
    }

    init(of context: UnsafePointer<AVCodecContext>) throws(FFmpegError) {
        pointer = try allocated(avcodec_parameters_alloc(), "allocate codec parameters")
        try check(avcodec_parameters_from_context(pointer, context), "describe the encoder")
    }

    /// What a decoder is to know before the first packet; of H.264, the parameter sets.
    public var header: [UInt8] {
        Array(
            UnsafeBufferPointer(
                start: pointer.pointee.extradata,
                count: Int(max(0, pointer.pointee.extradata_size))
            )
        )
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVCodecParameters>? = pointer
        avcodec_parameters_free(&pointer)
    }
}

/// What a container says of one of its streams.
public struct Stream: Sendable {
    /// What a stream carries.
    public enum Kind: String, Sendable { case video, audio, subtitle, data }

    /// Its number in the input, from 0.
    public let index: Int
    /// What it carries.
    public let kind: Kind
    /// libav's name of the codec, such as `h264`.
    public let codec: String
    /// In which the pts of its packets count.
    public let timebase: Timebase
    /// In ticks of `timebase`.
    public let startPTS: Int64?
    /// In ticks of `timebase`; `nil` when the container does not say.
    public let duration: Int64?
    /// As the container states it; 0 when it does not.
    public let bitsPerSecond: Int64
    /// Pixels, as coded; 0x0 for anything but pictures, or when only decoding tells.
    public private(set) var size: Size
    /// How the pixels lie in memory.
    public private(set) var pixelFormat: PixelFormat
    /// Width to height of one pixel; 0/1 when it is not stated.
    public let sampleAspectRatio: Rational
    /// Whether the container itself states the shape of a pixel, which overrules the pictures.
    public let hasStatedAspect: Bool
    /// What the stream says of its colours.
    public let color: ColorTags
    /// Frames per second over the whole stream; 0 when it is not known.
    public let averageFrameRate: Rational
    /// The lowest rate whose grid holds every pts, guessed by libavformat; 0/0 when unknown.
    public let baseFrameRate: Rational
    /// How the pictures are to be turned.
    public let orientation: Orientation
    /// How bright the pictures are, as far as it is stated.
    public let lightLevels: LightLevels
    /// Its Dolby Vision configuration; `nil` without one.
    public let dolbyVision: DolbyVision?
    /// A second picture in each packet holds the opacity, as VP8 and VP9 in WebM have it.
    public let hasAlphaLayer: Bool
    /// Samples a second; 0 for anything but sound.
    public private(set) var sampleRate: Int
    /// Channels; 0 for anything but sound.
    public private(set) var channelCount: Int
    /// What the stream is for.
    public let disposition: Disposition
    /// As the container states it, mostly ISO 639-2; `nil` when it does not.
    public let language: String?
    /// What a decoder needs to know.
    public let parameters: CodecParameters

    init(_ stream: UnsafeMutablePointer<AVStream>, statedSize: Size?) throws(FFmpegError) {
        let value = stream.pointee
        let codecpar = try allocated(value.codecpar, "read a stream")
        index = Int(value.index)
        switch codecpar.pointee.codec_type {
        case AVMEDIA_TYPE_VIDEO: kind = .video
        case AVMEDIA_TYPE_AUDIO: kind = .audio
        case AVMEDIA_TYPE_SUBTITLE: kind = .subtitle
        default: kind = .data
        }
        codec = String(cString: avcodec_get_name(codecpar.pointee.codec_id))
        timebase = Timebase(value.time_base)
        startPTS = value.start_time.asPTS
        duration = value.duration.asPTS.flatMap { $0 > 0 ? $0 : nil }
        bitsPerSecond = codecpar.pointee.bit_rate
        let probedSize = Size(Int(codecpar.pointee.width), Int(codecpar.pointee.height))
        size = probedSize.width > 0 ? probedSize : statedSize ?? probedSize
        pixelFormat = PixelFormat(kind == .video ? codecpar.pointee.format : -1)
        let aspect = Rational(value.sample_aspect_ratio)
        hasStatedAspect = aspect.isPositive
        sampleAspectRatio = aspect.isPositive ? aspect : Rational(codecpar.pointee.sample_aspect_ratio)
        color = ColorTags(
            primaries: Int(codecpar.pointee.color_primaries.rawValue),
            transfer: Int(codecpar.pointee.color_trc.rawValue),
            matrix: Int(codecpar.pointee.color_space.rawValue),
            isFullRange: codecpar.pointee.color_range == AVCOL_RANGE_JPEG || pixelFormat.impliesFullRange
        )
        let average = Rational(value.avg_frame_rate)
        baseFrameRate = Rational(value.r_frame_rate)
        averageFrameRate = average.isPositive ? average : baseFrameRate
        orientation = Orientation(of: stream)
        lightLevels = LightLevels(stream: stream)
        dolbyVision = DolbyVision(stream: stream)
        let alpha = av_dict_get(value.metadata, "alpha_mode", nil, 0)
        hasAlphaLayer = alpha.map { String(cString: $0.pointee.value) == "1" } ?? false
        sampleRate = Int(codecpar.pointee.sample_rate)
        channelCount = Int(codecpar.pointee.ch_layout.nb_channels)
        disposition = Disposition(rawValue: value.disposition)
        language = av_dict_get(value.metadata, "language", nil, 0).map { String(cString: $0.pointee.value) }
        parameters = try CodecParameters(copying: codecpar)
    }

    /// Whether the container marks it as the one to play.
    public var isDefault: Bool { disposition.contains(.default) }
    /// Whether it is a cover rather than a video.
    public var isAttachedPicture: Bool { disposition.contains(.attachedPicture) }

    /// The same stream, with what its headers left out taken from its first frame.
    public func completed(by frame: Frame) -> Stream {
        var copy = self
        switch kind {
        case .video:
            copy.size = frame.size
            copy.pixelFormat = frame.pixelFormat
        case .audio:
            copy.sampleRate = frame.sampleRate
            copy.channelCount = frame.channelCount
        case .subtitle, .data: break
        }
        return copy
    }

    /// Whether the headers left out what can be found only by decoding.
    public var isIncomplete: Bool {
        switch kind {
        case .video: size.width == 0
        case .audio: sampleRate == 0 || channelCount == 0
        case .subtitle, .data: false
        }
    }
}

/// What a container says a stream is for, as libavformat's `AV_DISPOSITION_*`.
public struct Disposition: OptionSet, Sendable, Hashable {
    /// libav's flags.
    public let rawValue: Int32

    /// Makes a set of libav's flags.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// To be played unless somebody chooses.
    public static let `default` = Disposition(rawValue: AV_DISPOSITION_DEFAULT)
    /// Somebody talks about the programme.
    public static let commentary = Disposition(rawValue: AV_DISPOSITION_COMMENT)
    /// The words of songs.
    public static let lyrics = Disposition(rawValue: AV_DISPOSITION_LYRICS)
    /// Songs without the voice.
    public static let karaoke = Disposition(rawValue: AV_DISPOSITION_KARAOKE)
    /// For those who hear badly.
    public static let hearingImpaired = Disposition(rawValue: AV_DISPOSITION_HEARING_IMPAIRED)
    /// Sound that describes the pictures.
    public static let visualImpaired = Disposition(rawValue: AV_DISPOSITION_VISUAL_IMPAIRED)
    /// Sound without voices.
    public static let cleanEffects = Disposition(rawValue: AV_DISPOSITION_CLEAN_EFFECTS)
    /// A cover.
    public static let attachedPicture = Disposition(rawValue: AV_DISPOSITION_ATTACHED_PIC)
    /// Small pictures of moments.
    public static let timedThumbnails = Disposition(rawValue: AV_DISPOSITION_TIMED_THUMBNAILS)
    /// One picture rather than a video.
    public static let stillImage = Disposition(rawValue: AV_DISPOSITION_STILL_IMAGE)
    /// Has to be mixed with another stream.
    public static let dependent = Disposition(rawValue: AV_DISPOSITION_DEPENDENT)
}

/// How a decoded picture must be turned to stand upright.
public struct Orientation: Sendable, Hashable {
    /// Clockwise, one of 0, 90, 180, 270; applied after the flip.
    public let clockwiseDegrees: Int
    /// Left and right are exchanged, before the turn.
    public let isMirrored: Bool

    /// Makes an orientation of 0, 90, 180 or 270 degrees.
    public init(clockwiseDegrees: Int, isMirrored: Bool) {
        self.clockwiseDegrees = clockwiseDegrees
        self.isMirrored = isMirrored
    }

    /// Nothing to turn.
    public static let upright = Orientation(clockwiseDegrees: 0, isMirrored: false)
    /// Whether the turned picture is as high as the coded one is wide.
    public var swapsAxes: Bool { clockwiseDegrees % 180 != 0 }

    /// From a display matrix (ISO/IEC 14496-12 §8.3.2), to the nearest quarter turn.
    ///
    /// A matrix of zeros, which some muxers write, means upright.
    init(matrix: UnsafePointer<Int32>) {
        let (a, b, c, d) = (Double(matrix[0]), Double(matrix[1]), Double(matrix[3]), Double(matrix[4]))
        let determinant = a * d - b * c
        guard determinant != 0 else {
            self = .upright
            return
        }
        // With the mirror taken off its x axis, what is left is a rotation: (1, 0) goes to (a, b), y down.
        let sign = determinant < 0 ? -1.0 : 1.0
        let quarters = Int((atan2(sign * b, sign * a) / (.pi / 2)).rounded())
        self.init(clockwiseDegrees: (quarters + 4) % 4 * 90, isMirrored: determinant < 0)
    }

    init(of stream: UnsafeMutablePointer<AVStream>) {
        var size = 0
        guard let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size >= 36 else {
            self = .upright
            return
        }
        self = data.withMemoryRebound(to: Int32.self, capacity: 9) { Orientation(matrix: $0) }
    }

    /// The libavfilter steps that turn a picture upright.
    public var filters: [FilterGraph.Filter] {
        var filters: [FilterGraph.Filter] = isMirrored ? [.init("hflip")] : []
        switch clockwiseDegrees {
        case 90: filters.append(.init("transpose", "dir=clock"))
        case 180: filters += [.init("hflip"), .init("vflip")]
        case 270: filters.append(.init("transpose", "dir=cclock"))
        default: break
        }
        return filters
    }
}
