internal import CFFmpeg

/// One encoded unit of a stream, read-only once handed on.
// Safe: nothing writes to the AVPacket after it left the demuxer or encoder that made it.
public final class Packet: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() throws(FFmpegError) {
        pointer = try allocated(av_packet_alloc(), "allocate a packet")
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }

    /// Makes a packet of an encoder's bytes, its times in ticks of the encoder's timebase.
    public convenience init(
        _ bytes: [UInt8],
        pts: Int64,
        dts: Int64,
        duration: Int64,
        isKeyframe: Bool
    ) throws(FFmpegError) {
        try self.init()
        try check(av_new_packet(pointer, Int32(clamping: bytes.count)), "allocate a packet")
        bytes.withUnsafeBytes { source in
            let room = UnsafeMutableRawBufferPointer(start: pointer.pointee.data, count: byteCount)
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(byteCount)))
        }
        pointer.pointee.pts = pts
        pointer.pointee.dts = dts
        pointer.pointee.duration = duration
        pointer.pointee.flags = isKeyframe ? AV_PKT_FLAG_KEY : 0
    }

    /// The same bytes with another dts, and without what an encoder tells beside them.
    public func with(dts: Int64) throws(FFmpegError) -> Packet {
        let copy = try Packet()
        try check(av_packet_ref(copy.pointer, pointer), "reference a packet")
        av_packet_free_side_data(copy.pointer)
        copy.pointer.pointee.dts = dts
        return copy
    }

    /// A copy of what is encoded.
    public var bytes: [UInt8] {
        Array(UnsafeBufferPointer(start: pointer.pointee.data, count: max(0, byteCount)))
    }

    /// The number of its stream in the input, from 0.
    public var streamIndex: Int { Int(pointer.pointee.stream_index) }
    /// Bytes of what is encoded, without side data.
    public var byteCount: Int { Int(pointer.pointee.size) }
    /// The presentation time in ticks of the stream's timebase; `nil` when the container has none.
    public var pts: Int64? { pointer.pointee.pts.asPTS }
    /// The decoding time in ticks of the stream's timebase; `nil` when the container has none.
    public var dts: Int64? { pointer.pointee.dts.asPTS }
    /// In ticks of the stream's timebase; 0 when unknown.
    public var duration: Int64 { pointer.pointee.duration }
    /// The printable text that begins with `prefix`, within the first 2 KiB; at most 100 characters.
    ///
    /// Encoders sign the first packet so.
    public func text(beginning prefix: String) -> String? {
        guard let data = pointer.pointee.data else { return nil }
        let bytes = UnsafeBufferPointer(start: data, count: min(max(0, byteCount), 2048))
        let start = Array(prefix.utf8)
        guard bytes.count >= start.count else { return nil }
        for offset in 0...bytes.count - start.count where bytes[offset...].starts(with: start) {
            let text = bytes[offset...].prefix(100).prefix { (32..<127).contains($0) }
            return String(decoding: text, as: UTF8.self)
        }
        return nil
    }

    /// Whether decoding can begin here.
    public var isKeyframe: Bool { pointer.pointee.flags & AV_PKT_FLAG_KEY != 0 }
    /// Its frame is not to be shown, as an edit list says.
    public var isDiscarded: Bool { pointer.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }
    /// Whether the demuxer found it damaged.
    public var isCorrupt: Bool { pointer.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }
}
