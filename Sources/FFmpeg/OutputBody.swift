internal import CFFmpeg
internal import Foundation

/// Where an output's bytes go: a file written through our own callbacks.
// Safe: used by the one muxer that owns it; libav never calls two callbacks at once.
public final class OutputBody: @unchecked Sendable {
    private let descriptor: Int32
    private var position: Int64 = 0
    /// The errno of the first write that failed, 0 before.
    public private(set) var failure: Int32 = 0
    /// Bytes written so far.
    public private(set) var byteCount: Int64 = 0

    /// Creates a file that must not exist yet.
    ///
    /// - Throws: the errno as an `FFmpegError`.
    public init(creating path: String) throws(FFmpegError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FFmpegError(status: recast_error_from_errno(errno), action: "create the output")
        }
    }

    deinit { close(descriptor) }

    /// Waits until the bytes are on the disk.
    public func synchronize() throws(FFmpegError) {
        guard fsync(descriptor) == 0 else {
            throw FFmpegError(status: recast_error_from_errno(errno), action: "sync the output")
        }
    }

    fileprivate func write(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
        var done = 0
        while done < count {
            let written = pwrite(descriptor, bytes + done, count - done, off_t(position))
            guard written > 0 else {
                if errno == EINTR { continue }
                failure = failure == 0 ? errno : failure
                return recast_error_from_errno(errno)
            }
            done += written
            position += Int64(written)
            byteCount = max(byteCount, position)
        }
        return Int32(count)
    }

    fileprivate func read(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, at offset: Int64) -> Int {
        pread(descriptor, bytes, count, off_t(offset))
    }

    fileprivate func seek(to offset: Int64, whence: Int32) -> Int64 {
        if whence & AVSEEK_SIZE != 0 { return byteCount }
        guard whence & 0xFFFF == SEEK_SET, offset >= 0 else { return -1 }
        position = offset
        return offset
    }

    func makeWriter() throws(FFmpegError) -> UnsafeMutablePointer<AVIOContext> {
        let size = 1 << 18
        let buffer = try allocated(av_malloc(size), "allocate an output buffer")
        let context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self),
            Int32(size),
            1,
            Unmanaged.passUnretained(self).toOpaque(),
            nil,
            { opaque, bytes, count in
                guard let opaque, let bytes else { return recast_error_io }
                return Unmanaged<OutputBody>.fromOpaque(opaque).takeUnretainedValue().write(bytes, Int(count))
            },
            { opaque, offset, whence in
                guard let opaque else { return -1 }
                return Unmanaged<OutputBody>.fromOpaque(opaque).takeUnretainedValue()
                    .seek(to: offset, whence: whence)
            }
        )
        return try allocated(context, "allocate an output context")
    }

    /// A reader of what was written, which the mp4 muxer needs to move the media behind the moov.
    func makeReader() -> UnsafeMutablePointer<AVIOContext>? {
        let size = 1 << 16
        guard let buffer = av_malloc(size) else { return nil }
        let reader = Unmanaged.passRetained(Reader(self)).toOpaque()
        return avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self),
            Int32(size),
            0,
            reader,
            { opaque, bytes, count in
                guard let opaque, let bytes else { return recast_error_io }
                return Unmanaged<Reader>.fromOpaque(opaque).takeUnretainedValue().read(bytes, Int(count))
            },
            nil,
            { opaque, offset, whence in
                guard let opaque, whence & 0xFFFF == SEEK_SET, offset >= 0 else { return -1 }
                Unmanaged<Reader>.fromOpaque(opaque).takeUnretainedValue().position = offset
                return offset
            }
        )
    }

    static func closeReader(_ context: UnsafeMutablePointer<AVIOContext>) {
        if let opaque = context.pointee.opaque { Unmanaged<Reader>.fromOpaque(opaque).release() }
        av_freep(&context.pointee.buffer)
        var context: UnsafeMutablePointer<AVIOContext>? = context
        avio_context_free(&context)
    }

    private final class Reader {
        let body: OutputBody
        var position: Int64 = 0
        init(_ body: OutputBody) { self.body = body }

        func read(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int32 {
            let got = body.read(bytes, count, at: position)
            guard got > 0 else { return got == 0 ? recast_error_eof : recast_error_from_errno(errno) }
            position += Int64(got)
            return Int32(got)
        }
    }
}
