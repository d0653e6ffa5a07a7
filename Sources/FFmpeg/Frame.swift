internal import CFFmpeg

/// One decoded picture or block of samples, read-only once handed on.
// Safe: nothing writes to the AVFrame after it left the decoder, filter or scaler that made it.
public final class Frame: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<AVFrame>

    init() throws(FFmpegError) {
        pointer = try allocated(av_frame_alloc(), "allocate a frame")
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&pointer)
    }

    /// A reference to the same data with fields of its own.
    func reference() throws(FFmpegError) -> Frame {
        let copy = try Frame()
        try check(av_frame_ref(copy.pointer, pointer), "reference a frame")
        return copy
    }

    /// Makes all of a picture that nobody has yet black.
    func fillBlack(isFullRange: Bool) throws(FFmpegError) {
        let frame = pointer
        let lines = [
            frame.pointee.linesize.0, frame.pointee.linesize.1, frame.pointee.linesize.2,
            frame.pointee.linesize.3,
        ]
        .map { Int($0) }
        let range = isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        let status = withUnsafeMutablePointer(to: &frame.pointee.data) { data in
            data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { data in
                av_image_fill_black(
                    data,
                    lines,
                    AVPixelFormat(frame.pointee.format),
                    range,
                    frame.pointee.width,
                    frame.pointee.height
                )
            }
        }
        try check(status, "make a picture black")
    }

    /// The same picture with another pts.
    public func with(pts: Int64) throws(FFmpegError) -> Frame {
        let copy = try reference()
        copy.pointer.pointee.pts = pts
        return copy
    }

    /// The presentation time in ticks of the stream's timebase, guessed from dts where pts is missing.
    public var bestEffortPTS: Int64? {
        pointer.pointee.best_effort_timestamp.asPTS ?? pointer.pointee.pts.asPTS
    }
    /// The presentation time in ticks of the timebase of whatever made the frame; `nil` when it has none.
    public var pts: Int64? { pointer.pointee.pts.asPTS }
    /// In ticks of the stream's timebase; 0 when unknown.
    public var duration: Int64 { pointer.pointee.pkt_duration }
    /// Pixels, as decoded; 0x0 for sound.
    public var size: Size { Size(Int(pointer.pointee.width), Int(pointer.pointee.height)) }
    /// How the pixels lie in memory; meaningless for sound.
    public var pixelFormat: PixelFormat { PixelFormat(pointer.pointee.format) }
    /// Width to height of one pixel; 0/1 when the stream does not say.
    public var sampleAspectRatio: Rational { Rational(pointer.pointee.sample_aspect_ratio) }
    /// Whether the lines belong to two fields, taken one after the other.
    public var isInterlaced: Bool { pointer.pointee.interlaced_frame != 0 }
    /// Of an interlaced picture: whether its upper line is shown first.
    public var isTopFieldFirst: Bool { pointer.pointee.top_field_first != 0 }
    /// Half periods for which the picture stays longer than others, as in a 3:2 pulldown; 0 for most.
    public var repeatedFields: Int { Int(pointer.pointee.repeat_pict) }
    /// What the picture says of its own brightness.
    public var lightLevels: LightLevels { LightLevels(frame: pointer) }
    /// The decoder concealed an error in this frame.
    public var hasDecodeErrors: Bool {
        pointer.pointee.decode_error_flags != 0
            || pointer.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
    }
    /// Samples of each channel; 0 for pictures.
    public var sampleCount: Int { Int(pointer.pointee.nb_samples) }
    /// libav's number for how the samples are laid out.
    public var sampleFormat: Int { Int(pointer.pointee.format) }
    /// Samples a second; 0 for pictures.
    public var sampleRate: Int { Int(pointer.pointee.sample_rate) }
    /// Channels of sound; 0 for pictures.
    public var channelCount: Int { Int(pointer.pointee.ch_layout.nb_channels) }

    /// What the picture says of its colours.
    public var color: ColorTags {
        ColorTags(
            primaries: Int(pointer.pointee.color_primaries.rawValue),
            transfer: Int(pointer.pointee.color_trc.rawValue),
            matrix: Int(pointer.pointee.colorspace.rawValue),
            isFullRange: pointer.pointee.color_range == AVCOL_RANGE_JPEG || pixelFormat.impliesFullRange
        )
    }

    /// A number the filter `ssim` or `psnr` left on the frame.
    public func metadata(_ key: String) -> Double? {
        guard let entry = av_dict_get(pointer.pointee.metadata, key, nil, 0) else { return nil }
        return Double(String(cString: entry.pointee.value))
    }
}
