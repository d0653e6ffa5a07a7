internal import CFFmpeg
internal import Foundation

/// Bytes that can be read from any offset: a file, or something farther away.
public protocol ByteReader: Sendable {
    /// Bytes there are; does not change.
    var byteCount: Int64 { get }
    /// Whether reads wait for another process or machine, so that their time is not the input's fault.
    var isRemote: Bool { get }
    /// Reads at most `buffer.count` bytes from `offset` on, and returns how many; 0 only at the end.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int
    /// Lets a read that is waiting, and all later ones, fail soon.
    func interrupt()
}

/// A regular file as a reader.
// Safe: the descriptor is written once, and reads carry their own offset.
public final class FileReader: ByteReader, @unchecked Sendable {
    /// Why a file cannot be opened.
    public enum OpenError: Error, Sendable, Equatable {
        case missing, denied, notAFile
        case failed(errno: Int32)
    }

    private let descriptor: Int32
    /// Bytes in the file when it was opened.
    public let byteCount: Int64
    /// False: reading does not wait for a network.
    public var isRemote: Bool { false }

    /// Opens a regular file.
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

    /// Fills `buffer` from `offset` on, less at the end, and returns how many bytes it put there.
    public func read(
        at offset: Int64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FFmpegError) -> Int {
        let got = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        guard got >= 0 else { throw FFmpegError(errno: errno, action: "read the input") }
        return got
    }

    /// A file's reads end by themselves.
    public func interrupt() {}
}
