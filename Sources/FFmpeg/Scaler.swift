internal import CFFmpeg

/// Scales and converts pictures to one size and pixel format.
public struct Scaler: ~Copyable {
    private let scaler: OpaquePointer
    private let pool: FramePool
    private let color: ColorTags

    private init(owning context: OpaquePointer, pool: consuming FramePool, color: ColorTags) {
        self.scaler = context
        self.pool = pool
        self.color = color
    }

    deinit { sws_freeContext(scaler) }

    /// Opens a scaler for pictures like `frame`.
    ///
    /// `color` is what the output carries; its matrix is what YUV is converted to.
    public static func open(
        like frame: Frame,
        color input: ColorTags,
        to output: Size,
        format: PixelFormat = .yuv420p,
        color: ColorTags
    ) throws(FFmpegError) -> Scaler {
        let pool = try FramePool(output, format)
        let context = try makeContext(like: frame, input, to: output, format, color)
        return Scaler(owning: context, pool: pool, color: color)
    }

    /// The ranges go in before the context is initialised: set later, they are ignored for more than 8 bits.
    private static func makeContext(
        like frame: Frame,
        _ input: ColorTags,
        to output: Size,
        _ format: PixelFormat,
        _ color: ColorTags
    ) throws(FFmpegError) -> OpaquePointer {
        let context = try allocated(sws_alloc_context(), "create a scaler")
        let raw = UnsafeMutableRawPointer(context)
        let options: [(String, Int64)] = [
            ("srcw", Int64(frame.size.width)), ("srch", Int64(frame.size.height)),
            ("src_format", Int64(frame.pixelFormat.raw.rawValue)), ("src_range", input.isFullRange ? 1 : 0),
            ("dstw", Int64(output.width)), ("dsth", Int64(output.height)),
            ("dst_format", Int64(format.raw.rawValue)), ("dst_range", color.isFullRange ? 1 : 0),
            ("sws_flags", Int64(SWS_BICUBIC)),
        ]
        do throws(FFmpegError) {
            for (name, value) in options {
                try check(av_opt_set_int(raw, name, value, 0), "set \(name) on the scaler")
            }
            try check(
                sws_init_context(context, nil, nil),
                "scale \(frame.pixelFormat) pictures of \(frame.size)"
            )
        } catch {
            sws_freeContext(context)
            throw error
        }
        sws_setColorspaceDetails(
            context,
            sws_getCoefficients(Int32(input.matrix)),
            input.isFullRange ? 1 : 0,
            sws_getCoefficients(Int32(color.matrix)),
            color.isFullRange ? 1 : 0,
            0,
            1 << 16,
            1 << 16
        )
        return context
    }

    /// The scaled picture, with the pts of the original.
    public mutating func scale(_ frame: Frame) throws(FFmpegError) -> Frame {
        let scaled = try pool.frame()
        let target = scaled.pointer
        try check(sws_scale_frame(scaler, target, frame.pointer), "scale a picture")
        target.pointee.pts = frame.pointer.pointee.pts
        color.apply(to: target)
        return scaled
    }
}

extension ColorTags {
    /// Writes the tags onto a frame.
    func apply(to frame: UnsafeMutablePointer<AVFrame>) {
        frame.pointee.color_primaries = .init(UInt32(primaries))
        frame.pointee.color_trc = .init(UInt32(transfer))
        frame.pointee.colorspace = .init(UInt32(matrix))
        frame.pointee.color_range = isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        frame.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    }
}
