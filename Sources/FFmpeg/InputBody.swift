internal import CFFmpeg
internal import Foundation
internal import Synchronization

/// The bytes of an input, read through our own callbacks, with a deadline.
// Safe: position is touched only by the one demuxer that owns the AVIOContext; the rest is atomic.
public final class InputBody: @unchecked Sendable {
    /// Seconds for which a deadline may wait, in all, for bytes that come from far away.
    private static let longestWait = 600.0

    private let reader: any ByteReader
    private var position: Int64 = 0
    private var hash: SequentialHash?
    private var structure = StructureCheck()
    private let interrupted = Atomic<Bool>(false)
    private let deadline = Atomic<UInt64>(.max)
    private let waited = Atomic<UInt64>(0)
    /// Bytes of the whole input.
    public let byteCount: Int64

    /// Makes a body of what `reader` reads.
    public init(_ reader: any ByteReader) {
        self.reader = reader
        byteCount = reader.byteCount
    }

    /// Opens a regular file for reading.
    public convenience init(path: String) throws(FileReader.OpenError) {
        self.init(try FileReader(path: path))
    }

    /// Every libav call that waits on this body fails from now on.
    public func interrupt() {
        interrupted.store(true, ordering: .relaxed)
        reader.interrupt()
    }

    /// Begins at the first byte again, for another demuxer after the last one is gone.
    public func rewind() { position = 0 }

    /// The first bytes, at most `count` of them.
    public func head(_ count: Int) throws(FFmpegError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do {
            let got = try bytes.withUnsafeMutableBytes { buffer in try reader.read(at: 0, into: buffer) }
            return Array(bytes.prefix(max(0, got)))
        } catch let error as FFmpegError {
            throw error
        } catch {
            return []
        }
    }

    /// Errors in the container's own structure that the bytes themselves tell of, as far as they were read.
    ///
    /// To be called when nobody reads any more.
    public var structureErrorCount: Int { structure.errorCount }

    /// Hashes the bytes as they are read, from now on.
    public func beginHash() throws(FFmpegError) { hash = try SequentialHash() }

    /// The SHA-256 of all bytes in hexadecimal, for which those that were not read in order are read now.
    ///
    /// `nil` when no hash was begun, or when more than a twentieth and 16 MiB is left of bytes that come from
    /// far away. To be called when nobody reads any more.
    public func finishHash() throws(FFmpegError) -> String? {
        guard let hash = hash.take() else { return nil }
        if reader.isRemote, byteCount - hash.position > byteCount / 20 + 16 << 20 { return nil }
        return try hash.finish(reader)
    }

    /// Seconds spent waiting for bytes from far away.
    public var waitedSeconds: Double { Double(waited.load(ordering: .relaxed)) / 1e9 }

    /// Calls fail when `seconds` from now have passed, not counting what remote bytes make them wait;
    /// `nil` lifts the deadline.
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
        let bytes = UnsafeMutableRawBufferPointer(start: buffer, count: Int(max(count, 0)))
        let start = MonotonicClock.nanoseconds
        defer { if reader.isRemote { forgive(MonotonicClock.nanoseconds &- start) } }
        do {
            let got = try reader.read(at: position, into: bytes)
            guard got > 0 else { return recast_error_eof }
            hash?.take(UnsafeRawBufferPointer(rebasing: bytes[..<got]), at: position)
            structure.take(UnsafeRawBufferPointer(rebasing: bytes[..<got]), at: position)
            position += Int64(got)
            return Int32(got)
        } catch {
            return error.status
        }
    }

    /// Moves the deadline by time that was spent waiting.
    private func forgive(_ nanoseconds: UInt64) {
        waited.wrappingAdd(nanoseconds, ordering: .relaxed)
        let end = deadline.load(ordering: .relaxed)
        guard end != .max, waitedSeconds < InputBody.longestWait else { return }
        // A deadline lifted meanwhile stays lifted.
        _ = deadline.compareExchange(expected: end, desired: end &+ nanoseconds, ordering: .relaxed)
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
