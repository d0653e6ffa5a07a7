internal import CFFmpeg
internal import Foundation
internal import Synchronization

/// An output's bytes, written through our own callbacks.
// Safe: used by the one muxer that owns it; libav never calls two callbacks at once.
public final class OutputBody: @unchecked Sendable {
    private let writer: any ByteWriter
    /// Where the next byte goes; after the header is written, how long it was.
    public private(set) var position: Int64 = 0
    /// The first write that failed.
    public private(set) var failure: FFmpegError?
    private let waited = Atomic<UInt64>(0)
    /// The end of what was written so far.
    public var byteCount: Int64 { writer.byteCount }
    /// Seconds spent waiting for a place far away to take the bytes.
    public var waitedSeconds: Double { Double(waited.load(ordering: .relaxed)) / 1e9 }

    /// Makes a body that `writer` writes.
    public init(_ writer: any ByteWriter) { self.writer = writer }

    /// Creates a file that must not exist yet.
    ///
    /// - Throws: the errno as an `FFmpegError`.
    public convenience init(creating path: String) throws(FFmpegError) {
        self.init(try FileWriter(creating: path))
    }

    /// Waits until the bytes are safe.
    public func synchronize() throws(FFmpegError) { try writer.synchronize() }

    fileprivate func write(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
        let start = MonotonicClock.nanoseconds
        defer {
            if writer.isRemote {
                waited.wrappingAdd(MonotonicClock.nanoseconds &- start, ordering: .relaxed)
            }
        }
        do {
            try writer.write(UnsafeRawBufferPointer(start: bytes, count: count), at: position)
            position += Int64(count)
            return Int32(count)
        } catch {
            failure = failure ?? error
            return error.status
        }
    }

    fileprivate func read(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, at offset: Int64) -> Int {
        do {
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: count)
            return try writer.read(at: offset, into: buffer)
        } catch {
            return Int(error.status)
        }
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
            guard got > 0 else { return got == 0 ? recast_error_eof : Int32(got) }
            position += Int64(got)
            return Int32(got)
        }
    }
}
