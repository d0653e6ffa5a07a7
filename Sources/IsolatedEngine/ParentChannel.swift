internal import FFmpeg
internal import Foundation
internal import Transcoding

/// The engine's end of the socket: asks for input, sends output.
///
/// Calls block, and only one of them may ask at a time.
final class ParentChannel: Sendable {
    private static let input: Int32 = 0
    private static let output: Int32 = 1

    private let sending = Lock(())

    /// The next message, or `nil` when the parent is gone; `buffer` takes its payload if it fits.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> (kind: FrameHead.Kind, count: Int)? {
        var bytes = [UInt8](repeating: 0, count: FrameHead.byteCount)
        guard bytes.withUnsafeMutableBytes({ fill($0) }), let head = bytes.withUnsafeBytes({ FrameHead($0) }),
            head.payloadCount <= buffer.count,
            fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<head.payloadCount]))
        else { return nil }
        return (head.kind, head.payloadCount)
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var done = 0
        while done < buffer.count {
            let got = read(ParentChannel.input, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            done += got
        }
        return true
    }

    /// Sends one message; `false` when the parent is gone.
    @discardableResult
    func send(_ head: FrameHead, _ payload: UnsafeRawBufferPointer = .init(start: nil, count: 0)) -> Bool {
        sending.withLock { _ in
            head.bytes.withUnsafeBytes { put($0) } && put(payload)
        }
    }

    /// Sends a value as JSON.
    @discardableResult
    func send(_ kind: FrameHead.Kind, _ value: some Encodable) -> Bool {
        guard let data = try? JSONEncoder().encode(value), data.count <= FrameHead.maxCount else {
            return false
        }
        return data.withUnsafeBytes { send(FrameHead(kind, count: $0.count), $0) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var done = 0
        while done < bytes.count {
            let put = write(ParentChannel.output, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { return false }
            done += put
        }
        return true
    }
}

/// The input, asked for piece by piece; larger pieces the longer it is read in order.
// Safe: read by the one demuxer that owns it.
final class ChannelReader: ByteReader, @unchecked Sendable {
    private static let smallest = 1 << 16

    private let channel: ParentChannel
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: FrameHead.maxCount,
        alignment: 16
    )
    /// The offset of what the buffer holds.
    private var start: Int64 = 0
    private var count = 0
    private var step = ChannelReader.smallest
    let byteCount: Int64
    var isRemote: Bool { true }

    init(_ channel: ParentChannel, byteCount: Int64) {
        self.channel = channel
        self.byteCount = byteCount
    }

    deinit { buffer.deallocate() }

    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        guard offset >= 0, offset < byteCount, !target.isEmpty else { return 0 }
        if offset < start || offset >= start + Int64(count) { try fetch(offset) }
        let from = Int(offset - start)
        let bytes = UnsafeRawBufferPointer(buffer)[from..<min(count, from + target.count)]
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
        return bytes.count
    }

    private func fetch(_ offset: Int64) throws(FFmpegError) {
        let isNext = count > 0 && offset == start + Int64(count)
        step = isNext ? min(step * 2, buffer.count) : ChannelReader.smallest
        let wanted = Int(min(Int64(step), byteCount - offset))
        count = 0
        guard channel.send(FrameHead(.read, count: wanted, offset: offset)),
            let answer = channel.receive(into: buffer), answer.kind == .bytes, answer.count == wanted
        else { throw FFmpegError(errno: ECONNRESET, action: "read the input") }
        start = offset
        count = wanted
    }

    /// Whoever wants a read to end kills the process.
    func interrupt() {}
}

/// One of the outputs, sent as it comes.
final class ChannelWriter: ByteWriter {
    private let channel: ParentChannel
    private let number: Int
    private let end = Lock<Int64>(0)
    var byteCount: Int64 { end.withLock { $0 } }
    var isRemote: Bool { true }

    /// The output with the number `number`.
    init(_ channel: ParentChannel, _ number: Int) {
        self.channel = channel
        self.number = number
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FFmpegError) {
        var done = 0
        while done < bytes.count {
            let part = bytes[done..<min(bytes.count, done + FrameHead.maxCount)]
            let head = FrameHead(
                .write,
                count: part.count,
                offset: offset + Int64(done),
                output: number
            )
            guard channel.send(head, UnsafeRawBufferPointer(rebasing: part)) else {
                throw FFmpegError(errno: EPIPE, action: "write the output")
            }
            done += part.count
        }
        end.withLock { $0 = max($0, offset + Int64(bytes.count)) }
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        throw FFmpegError(errno: ESPIPE, action: "read the output back")
    }

    func synchronize() throws(FFmpegError) {}
}
