internal import FFmpeg
internal import Foundation

/// Keeps an output's first bytes in memory, and passes the others on in rising order.
///
/// So a place that cannot be written to twice, such as an upload in parts, can take an MP4 file whose index
/// is at its start.
// Safe: used by the one muxer that writes, and when that is done by the one run that checks and publishes.
final class HeadWriter: ByteWriter, @unchecked Sendable {
    private let writer: any ByteWriter
    private let headByteCount: Int
    private let head: HeadBytes
    /// Where the next byte behind the head goes.
    private var next: Int64
    private(set) var byteCount: Int64 = 0
    /// Whether something was too large for the head.
    private(set) var didOverflow = false

    init(_ writer: any ByteWriter, headByteCount: Int) throws(FFmpegError) {
        guard let head = HeadBytes(count: headByteCount) else {
            throw FFmpegError(errno: ENOMEM, action: "keep room for the index")
        }
        self.writer = writer
        self.headByteCount = headByteCount
        self.head = head
        next = Int64(headByteCount)
    }

    var isRemote: Bool { writer.isRemote }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FFmpegError) {
        let inHead = offset < headByteCount ? min(bytes.count, headByteCount - Int(offset)) : 0
        let rest = UnsafeRawBufferPointer(rebasing: bytes[inHead...])
        guard rest.isEmpty || offset + Int64(inHead) == next else {
            // Too large for the head, it would end up in what has been passed on.
            didOverflow = true
            throw FFmpegError(errno: EFBIG, action: "fit the index into its place")
        }
        head.copy(UnsafeRawBufferPointer(rebasing: bytes[..<inHead]), to: Int(offset))
        byteCount = max(byteCount, offset + Int64(bytes.count))
        guard !rest.isEmpty else { return }
        try writer.write(rest, at: next)
        next += Int64(rest.count)
    }

    /// Reads back what is still here, which is the head; nothing is left of the rest.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        let end = min(Int64(headByteCount), byteCount)
        guard offset >= 0, offset < end else { return 0 }
        let count = min(buffer.count, Int(end - offset))
        head.read(at: Int(offset), into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// Nothing is safe before the head is written, which `publish` does.
    func synchronize() throws(FFmpegError) {}

    /// Writes the head; nothing may be written afterwards.
    func publish() throws(FFmpegError) {
        let count = Int(min(Int64(headByteCount), byteCount))
        try writer.write(UnsafeRawBufferPointer(rebasing: head.bytes[..<count]), at: 0)
        try writer.synchronize()
    }
}

/// Zeroed memory, of which only what is touched counts.
private struct HeadBytes: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer

    init?(count: Int) {
        guard let start = calloc(max(count, 1), 1) else { return nil }
        memory = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    deinit { free(memory.baseAddress) }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

    func copy(_ bytes: UnsafeRawBufferPointer, to offset: Int) {
        guard !bytes.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + bytes.count]).copyMemory(from: bytes)
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + buffer.count]))
    }
}

/// Reads a head as if the rest were there.
struct HeadReader: ByteReader {
    let head: HeadWriter
    var byteCount: Int64 { head.byteCount }
    var isRemote: Bool { false }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        try head.read(at: offset, into: buffer)
    }

    func interrupt() {}
}
