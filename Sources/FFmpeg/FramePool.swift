internal import CFFmpeg

/// Pictures of one size and format, whose memory is used again once nobody has them any more.
struct FramePool: ~Copyable {
    private let pool: OpaquePointer
    private let size: Size
    private let format: PixelFormat

    deinit {
        var pool: OpaquePointer? = pool
        av_buffer_pool_uninit(&pool)
    }

    /// Lines begin on multiples of 64 bytes, and have room up to the next one.
    init(_ size: Size, _ format: PixelFormat) throws(FFmpegError) {
        let bytes = av_image_get_buffer_size(format.raw, Int32(size.width), Int32(size.height), 64)
        guard bytes > 0, let pool = av_buffer_pool_init(Int(bytes) + 64, nil) else {
            throw FFmpegError(status: recast_error_memory, action: "allocate pictures of \(size)")
        }
        self.pool = pool
        self.size = size
        self.format = format
    }

    /// A picture of which nothing is set but its size and format.
    func frame() throws(FFmpegError) -> Frame {
        let frame = try Frame()
        let target = frame.pointer
        let buffer = try allocated(av_buffer_pool_get(pool), "allocate a picture")
        target.pointee.buf.0 = buffer
        target.pointee.format = format.raw.rawValue
        target.pointee.width = Int32(size.width)
        target.pointee.height = Int32(size.height)
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
                        format.raw,
                        Int32(size.width),
                        Int32(size.height),
                        64
                    ),
                    "lay out a picture"
                )
            }
        }
        return frame
    }
}
