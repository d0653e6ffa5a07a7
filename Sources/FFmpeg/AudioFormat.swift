internal import CFFmpeg

/// How samples are stored.
public struct SampleFormat: Sendable, Hashable {
    let raw: AVSampleFormat

    init(_ raw: AVSampleFormat) { self.raw = raw }

    /// Planar means a plane a channel.
    public static let floatPlanar = SampleFormat(AV_SAMPLE_FMT_FLTP)
    /// 32-bit floats, -1...1, the channels interleaved.
    public static let float = SampleFormat(AV_SAMPLE_FMT_FLT)
    /// 8 bits without a sign, 128 for silence, interleaved.
    public static let unsigned8 = SampleFormat(AV_SAMPLE_FMT_U8)
    /// 16 bits with a sign, interleaved.
    public static let signed16 = SampleFormat(AV_SAMPLE_FMT_S16)
    /// 16 bits with a sign, channel after channel.
    public static let signed16Planar = SampleFormat(AV_SAMPLE_FMT_S16P)
    /// 32 bits with a sign, interleaved.
    public static let signed32 = SampleFormat(AV_SAMPLE_FMT_S32)
    /// 32 bits with a sign, channel after channel.
    public static let signed32Planar = SampleFormat(AV_SAMPLE_FMT_S32P)

    /// Whether what is rounded off would be heard.
    var needsDither: Bool { self == .unsigned8 || self == .signed16 }

    /// Whether both are the same format.
    public static func == (first: SampleFormat, second: SampleFormat) -> Bool {
        first.raw.rawValue == second.raw.rawValue
    }
    /// Hashes the format's number.
    public func hash(into hasher: inout Hasher) { hasher.combine(raw.rawValue) }
}

/// Where a loudspeaker stands; the raw value is its bit in libavutil's channel masks.
public enum Channel: Int, Sendable, CaseIterable {
    case frontLeft = 0
    case frontRight, frontCenter, lowFrequency, backLeft, backRight, frontLeftOfCenter, frontRightOfCenter
    case backCenter, sideLeft, sideRight, topCenter, topFrontLeft, topFrontCenter, topFrontRight
    case topBackLeft, topBackCenter, topBackRight
    case stereoLeft = 29
    case stereoRight, wideLeft, wideRight, surroundDirectLeft, surroundDirectRight, lowFrequency2
}

/// Which loudspeakers the channels of a sound are for.
public struct ChannelLayout: Sendable, Hashable {
    /// What is known of which channel is which.
    public enum Order: Sendable, Hashable {
        /// The bits of `mask` in rising order, each a `Channel`.
        case speakers(mask: UInt64)
        /// Spherical harmonics in the order of ACN.
        case ambisonic
        /// Nobody knows.
        case unknown
    }

    /// Which channel is which.
    public let order: Order
    /// Channels, at least 1.
    public let channelCount: Int

    /// Makes a layout of `channelCount` channels in the given order.
    public init(_ order: Order, channelCount: Int) {
        self.order = order
        self.channelCount = channelCount
    }

    /// Makes a layout of the channels named.
    public init(_ channels: [Channel]) {
        self.init(.speakers(mask: channels.reduce(0) { $0 | 1 << $1.rawValue }), channelCount: channels.count)
    }

    init(_ layout: AVChannelLayout) {
        channelCount = Int(layout.nb_channels)
        switch layout.order {
        case AV_CHANNEL_ORDER_NATIVE where layout.u.mask.nonzeroBitCount == channelCount:
            order = .speakers(mask: layout.u.mask)
        case AV_CHANNEL_ORDER_AMBISONIC: order = .ambisonic
        default: order = .unknown
        }
    }

    /// The usual layout of so many channels; unknown where there is none.
    public static func standard(_ channelCount: Int) -> ChannelLayout {
        // libavutil's first choice for three channels has a low frequency channel and no centre.
        if channelCount == 3 { return ChannelLayout([.frontLeft, .frontRight, .frontCenter]) }
        var layout = AVChannelLayout()
        av_channel_layout_default(&layout, Int32(clamping: max(channelCount, 1)))
        defer { av_channel_layout_uninit(&layout) }
        return ChannelLayout(layout)
    }

    /// The channels in the order of their samples; `nil` for those nobody knows.
    public var channels: [Channel?] {
        guard case .speakers(let mask) = order else { return Array(repeating: nil, count: channelCount) }
        return (0..<64).filter { mask >> $0 & 1 != 0 }.map { Channel(rawValue: $0) }
    }

    /// Writes the layout to where libav reads it.
    func write(to layout: inout AVChannelLayout) {
        av_channel_layout_uninit(&layout)
        if case .speakers(let mask) = order {
            av_channel_layout_from_mask(&layout, mask)
        } else {
            layout.order = AV_CHANNEL_ORDER_UNSPEC
            layout.nb_channels = Int32(clamping: channelCount)
        }
    }
}

/// What blocks of sound are made of.
public struct AudioFormat: Sendable, Hashable {
    /// Hz.
    public let sampleRate: Int
    /// The channels.
    public let layout: ChannelLayout
    /// How one sample is stored.
    public let sampleFormat: SampleFormat

    /// Makes a format of `sampleRate` samples a second.
    public init(sampleRate: Int, layout: ChannelLayout, sampleFormat: SampleFormat = .floatPlanar) {
        self.sampleRate = sampleRate
        self.layout = layout
        self.sampleFormat = sampleFormat
    }

    /// The usual layout of `channelCount` channels.
    public init(sampleRate: Int, channelCount: Int, sampleFormat: SampleFormat = .floatPlanar) {
        self.init(sampleRate: sampleRate, layout: .standard(channelCount), sampleFormat: sampleFormat)
    }

    /// Channels of the layout.
    public var channelCount: Int { layout.channelCount }

    /// The same sound in other samples.
    public func with(_ sampleFormat: SampleFormat) -> AudioFormat {
        AudioFormat(sampleRate: sampleRate, layout: layout, sampleFormat: sampleFormat)
    }
}

extension Frame {
    /// What the block of sound is made of.
    public var audioFormat: AudioFormat {
        AudioFormat(
            sampleRate: sampleRate,
            layout: ChannelLayout(pointer.pointee.ch_layout),
            sampleFormat: SampleFormat(AVSampleFormat(pointer.pointee.format))
        )
    }

    /// A new block of `count` samples whose content is not defined.
    static func sound(_ format: AudioFormat, count: Int) throws(FFmpegError) -> Frame {
        let frame = try Frame()
        frame.pointer.pointee.nb_samples = Int32(clamping: count)
        frame.pointer.pointee.format = format.sampleFormat.raw.rawValue
        frame.pointer.pointee.sample_rate = Int32(clamping: format.sampleRate)
        format.layout.write(to: &frame.pointer.pointee.ch_layout)
        try check(av_frame_get_buffer(frame.pointer, 0), "allocate a block of sound")
        return frame
    }

    /// A new block of `count` silent samples.
    public static func silence(_ format: AudioFormat, count: Int) throws(FFmpegError) -> Frame {
        let frame = try sound(format, count: count)
        av_samples_set_silence(
            frame.pointer.pointee.extended_data,
            0,
            Int32(clamping: count),
            Int32(format.channelCount),
            format.sampleFormat.raw
        )
        return frame
    }

    /// Lets whoever made a block of planar floats change its samples, before anybody else has it.
    ///
    /// `body` gets one buffer a channel.
    package func modifySamples(_ body: ([UnsafeMutableBufferPointer<Float>]) -> Void) {
        guard pointer.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue,
            let planes = pointer.pointee.extended_data
        else { return }
        body(
            (0..<channelCount).map { index in
                let start = planes[index].map { UnsafeMutableRawPointer($0) }
                return UnsafeMutableBufferPointer(
                    start: start?.assumingMemoryBound(to: Float.self),
                    count: start == nil ? 0 : sampleCount
                )
            }
        )
    }

    /// Lets whoever made a block of sound leave out all samples but the first `count`.
    package func shorten(to count: Int) {
        guard count < sampleCount else { return }
        pointer.pointee.nb_samples = Int32(max(0, count))
    }

    /// The channels' samples of a block of planar floats; empty for other blocks.
    package func samples() -> [[Float]] {
        var copy: [[Float]] = []
        modifySamples { planes in copy = planes.map { Array($0) } }
        return copy
    }
}
