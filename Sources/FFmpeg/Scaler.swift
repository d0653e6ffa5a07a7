internal import CFFmpeg

/// Scales and converts pictures to 8-bit 4:2:0 limited range of one size.
public struct Scaler: ~Copyable {
    private let scaler: OpaquePointer
    private let pool: OpaquePointer
    private let output: Size
    private let color: ColorTags

    private init(owning context: OpaquePointer, pool: OpaquePointer, output: Size, color: ColorTags) {
        self.scaler = context
        self.pool = pool
        self.output = output
        self.color = color
    }

    deinit {
        sws_freeContext(scaler)
        var pool: OpaquePointer? = pool
        av_buffer_pool_uninit(&pool)
    }

    /// Opens a scaler for pictures like `frame`.
    ///
    /// `color` is what the output carries; its matrix is what YUV is converted to.
    public static func open(
        like frame: Frame,
        color input: ColorTags,
        to output: Size,
        color: ColorTags
    ) throws(FFmpegError) -> Scaler {
        let context = try allocated(
            sws_getContext(
                Int32(frame.size.width),
                Int32(frame.size.height),
                frame.pixelFormat.raw,
                Int32(output.width),
                Int32(output.height),
                AV_PIX_FMT_YUV420P,
                Int32(SWS_BICUBIC),
                nil,
                nil,
                nil
            ),
            "scale \(frame.pixelFormat) pictures of \(frame.size)"
        )
        let from = sws_getCoefficients(Int32(input.matrix))
        let to = sws_getCoefficients(Int32(color.matrix))
        sws_setColorspaceDetails(
            context,
            from,
            input.isFullRange ? 1 : 0,
            to,
            color.isFullRange ? 1 : 0,
            0,
            1 << 16,
            1 << 16
        )
        let bytes = av_image_get_buffer_size(
            AV_PIX_FMT_YUV420P,
            Int32(output.width),
            Int32(output.height),
            64
        )
        guard bytes > 0, let pool = av_buffer_pool_init(Int(bytes) + 64, nil) else {
            sws_freeContext(context)
            throw FFmpegError(status: recast_error_memory, action: "allocate pictures of \(output)")
        }
        return Scaler(owning: context, pool: pool, output: output, color: color)
    }

    /// The scaled picture, with the pts of the original.
    public mutating func scale(_ frame: Frame) throws(FFmpegError) -> Frame {
        let scaled = try Frame()
        let target = scaled.pointer
        let buffer = try allocated(av_buffer_pool_get(pool), "allocate a picture")
        target.pointee.buf.0 = buffer
        target.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        target.pointee.width = Int32(output.width)
        target.pointee.height = Int32(output.height)
        try withUnsafeMutablePointer(to: &target.pointee.data) { data throws(FFmpegError) in
            try withUnsafeMutablePointer(to: &target.pointee.linesize) { lines throws(FFmpegError) in
                let data = UnsafeMutableRawPointer(data)
                    .assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
                let lines = UnsafeMutableRawPointer(lines).assumingMemoryBound(to: Int32.self)
                try check(
                    av_image_fill_arrays(
                        data,
                        lines,
                        buffer.pointee.data,
                        AV_PIX_FMT_YUV420P,
                        Int32(output.width),
                        Int32(output.height),
                        64
                    ),
                    "lay out a picture"
                )
            }
        }
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
