import Dispatch
import FFmpeg
import Glibc

/// Reads a file, and waits before its middle until it is interrupted: what reads it cannot end by itself.
final class StallingReader: ByteReader {
    private let file: FileReader
    private let gate = DispatchSemaphore(value: 0)

    init(_ file: FileReader) { self.file = file }

    var byteCount: Int64 { file.byteCount }
    var isRemote: Bool { true }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        // An index at the end is read all the same.
        guard offset < byteCount * 3 / 4, offset + Int64(buffer.count) > byteCount / 2 else {
            return try file.read(at: offset, into: buffer)
        }
        gate.wait()
        gate.signal()
        throw FFmpegError(errno: EINTR, action: "read")
    }

    func interrupt() { gate.signal() }
}
