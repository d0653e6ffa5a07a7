internal import CFFmpeg
internal import Foundation
internal import Synchronization

/// The bytes of an input: a file read through our own callbacks, with a deadline.
// Safe: position is touched only by the one demuxer that owns the AVIOContext; the rest is atomic.
public final class InputBody: @unchecked Sendable {
    /// Why a body cannot be opened.
    public enum OpenError: Error, Sendable, Equatable {
        case missing, denied, notAFile
        case failed(errno: Int32)
    }

    private let descriptor: Int32
    private var position: Int64 = 0
    private let interrupted = Atomic<Bool>(false)
    private let deadline = Atomic<UInt64>(.max)
    /// Bytes in the file when it was opened.
    public let byteCount: Int64

    /// Opens a regular file for reading.
    ///
    /// The path is only ever given to the operating system.
    public init(path: String) throws(OpenError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .missing
            case EACCES, EPERM: throw .denied
            default: throw .failed(errno: errno)
            }
        }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw .notAFile
        }
        descriptor = opened
        byteCount = Int64(status.st_size)
    }

    deinit { close(descriptor) }

    /// Every libav call that waits on this body fails from now on.
    public func interrupt() { interrupted.store(true, ordering: .relaxed) }

    /// Calls fail when `seconds` from now have passed; `nil` lifts the deadline.
    func setDeadline(seconds: Double?) {
        let nanoseconds = seconds.map { MonotonicClock.nanoseconds &+ UInt64($0 * 1e9) }
        deadline.store(nanoseconds ?? .max, ordering: .relaxed)
    }

    var isInterrupted: Bool {
        interrupted.load(ordering: .relaxed)
            || MonotonicClock.nanoseconds > deadline.load(ordering: .relaxed)
    }

    fileprivate func read(into buffer: UnsafeMutablePointer<UInt8>, count: Int32) -> Int32 {
        guard !isInterrupted else { return recast_error_exit }
        let got = pread(descriptor, buffer, Int(count), off_t(position))
        guard got >= 0 else { return recast_error_from_errno(errno) }
        guard got > 0 else { return recast_error_eof }
        position += Int64(got)
        return Int32(got)
    }

    fileprivate func seek(to offset: Int64, whence: Int32) -> Int64 {
        if whence & AVSEEK_SIZE != 0 { return byteCount }
        let base: Int64
        switch whence & 0xFFFF {
        case SEEK_SET: base = 0
        case SEEK_CUR: base = position
        case SEEK_END: base = byteCount
        default: return Int64(recast_error_io)
        }
        let (target, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, target >= 0 else { return Int64(recast_error_io) }
        position = target
        return target
    }

    /// An AVIOContext that reads this body; the caller frees it before the body goes.
    func makeContext() throws(FFmpegError) -> UnsafeMutablePointer<AVIOContext> {
        let size = 1 << 16
        let buffer = try allocated(av_malloc(size), "allocate an input buffer")
        let context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self),
            Int32(size),
            0,
            Unmanaged.passUnretained(self).toOpaque(),
            { opaque, bytes, count in
                guard let opaque, let bytes else { return recast_error_io }
                return Unmanaged<InputBody>.fromOpaque(opaque).takeUnretainedValue()
                    .read(into: bytes, count: count)
            },
            nil,
            { opaque, offset, whence in
                guard let opaque else { return -1 }
                return Unmanaged<InputBody>.fromOpaque(opaque).takeUnretainedValue()
                    .seek(to: offset, whence: whence)
            }
        )
        guard let context else {
            av_free(buffer)
            throw FFmpegError(status: recast_error_memory, action: "allocate an input context")
        }
        return context
    }
}

/// The monotonic clock.
enum MonotonicClock {
    static var nanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
