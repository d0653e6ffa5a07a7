internal import CFFmpeg
internal import Foundation

/// Where an output's bytes go: a file, or something farther away.
public protocol ByteWriter: Sendable {
    /// The end of what was written so far.
    var byteCount: Int64 { get }
    /// Whether writes wait for another process or machine, so that their time is not the input's fault.
    var isRemote: Bool { get }
    /// Writes all of `bytes` from `offset` on.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FFmpegError)
    /// Reads back at most `buffer.count` bytes of what was written, and returns how many.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int
    /// Waits until what was written is safe.
    func synchronize() throws(FFmpegError)
}

/// A regular file as a writer.
// Safe: the descriptor is written once; reads and writes carry their own offset, and the count has a lock.
public final class FileWriter: ByteWriter, @unchecked Sendable {
    private let descriptor: Int32
    private let end = Lock<Int64>(0)
    /// Bytes up to the last one written.
    public var byteCount: Int64 { end.withLock { $0 } }
    /// False: writing does not wait for a network.
    public var isRemote: Bool { false }

    /// Creates a file that must not exist yet.
    ///
    /// - Throws: the errno as an `FFmpegError`.
    public init(creating path: String) throws(FFmpegError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FFmpegError(errno: errno, action: "create the output") }
    }

    /// Writes to an empty file that is open for reading and writing, and closes it in the end.
    public init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Writes all of `bytes` at `offset`.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FFmpegError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            guard written > 0 else {
                if errno == EINTR { continue }
                throw FFmpegError(errno: errno, action: "write the output")
            }
            done += written
        }
        end.withLock { $0 = max($0, offset + Int64(bytes.count)) }
    }

    /// Reads back what was written, less at the end, and returns how many bytes that is.
    public func read(
        at offset: Int64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FFmpegError) -> Int {
        let got = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        guard got >= 0 else { throw FFmpegError(errno: errno, action: "read the output back") }
        return got
    }

    /// Returns when the disk has what was written.
    public func synchronize() throws(FFmpegError) {
        guard fsync(descriptor) == 0 else { throw FFmpegError(errno: errno, action: "sync the output") }
    }
}
