internal import CFFmpeg

/// Finds the parts of a packet that an entropy decoder reads from their beginning to their end.
///
/// Those are the slices of H.264 and HEVC (ITU-T H.264 §7.3.4, H.265 §7.3.8), the first and the last partition of a
/// picture of VP8 (RFC 6386 §9.1, §9.5), and the pictures of VP9, of which a packet may hold several (VP9 bitstream
/// specification, annex B).
public struct EntropyUnits: Sendable {
    /// One part of a packet.
    public struct Unit: Sendable, Equatable {
        /// Its bytes within the packet, without what is only there to fill up.
        public var range: Range<Int>
        /// Whether it is a picture that is not shown, but that later ones refer to.
        public var isHidden = false
    }

    private enum Layout: Sendable {
        case slices(NALUnits)
        case partitions
        case frames
    }

    private let layout: Layout

    /// `nil` for other codecs.
    public init?(_ stream: Stream) {
        let parameters = stream.parameters.pointer.pointee
        switch parameters.codec_id {
        case AV_CODEC_ID_VP8: layout = .partitions
        case AV_CODEC_ID_VP9: layout = .frames
        default:
            guard let units = NALUnits(parameters) else { return nil }
            layout = .slices(units)
        }
    }

    /// The parts of a packet in their order; at most 64.
    public func units(_ packet: Packet) -> [Unit] {
        guard let data = packet.pointer.pointee.data else { return [] }
        let bytes = UnsafeBufferPointer(start: data, count: max(0, packet.byteCount))
        let units =
            switch layout {
            case .partitions: EntropyUnits.partitions(bytes)
            case .frames: EntropyUnits.frames(bytes)
            case .slices(let units): EntropyUnits.slices(bytes, units)
            }
        return Array(units.prefix(64))
    }

    private static func slices(_ bytes: UnsafeBufferPointer<UInt8>, _ units: NALUnits) -> [Unit] {
        var ranges: [Range<Int>] = []
        units.forEach(in: bytes) { if ranges.count < 256 { ranges.append($0) } }
        return ranges.compactMap { range in
            guard let first = range.first else { return nil }
            let head = bytes[first]
            // Slices: ITU-T H.264 table 7-1, H.265 table 7-1.
            guard units.isHEVC ? head >> 1 & 63 < 32 : [1, 5].contains(head & 31) else { return nil }
            var end = range.upperBound
            // Zeros belong to a start code; 0 0 3 fills up (H.264 §7.3.2.10: cabac_zero_word).
            while end > first + 3 {
                if bytes[end - 1] == 0 {
                    end -= 1
                } else if bytes[end - 1] == 3, bytes[end - 2] == 0, bytes[end - 3] == 0 {
                    end -= 3
                } else {
                    break
                }
            }
            return Unit(range: first..<end)
        }
    }

    /// The first partition's length follows three flags; a keyframe's head is longer by seven bytes.
    private static func partitions(_ bytes: UnsafeBufferPointer<UInt8>) -> [Unit] {
        guard bytes.count > 10 else { return [] }
        let head = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
        let isHidden = head >> 4 & 1 == 0
        let start = head & 1 == 0 ? 10 : 3
        guard (head >> 5) <= bytes.count - start else { return [] }
        let end = start + (head >> 5)
        return [start..<end, end..<bytes.count].map { Unit(range: $0, isHidden: isHidden) }
    }

    /// A superframe ends with an index of its pictures, which begins and ends with the same byte.
    private static func frames(_ bytes: UnsafeBufferPointer<UInt8>) -> [Unit] {
        guard let marker = bytes.last else { return [] }
        let count = Int(marker & 7) + 1
        let width = Int(marker >> 3 & 3) + 1
        let index = bytes.count - 2 - count * width
        guard marker & 0xe0 == 0xc0, index >= 0, bytes[index] == marker else {
            return [Unit(range: 0..<bytes.count)]
        }
        var units: [Unit] = []
        var start = 0
        for number in 0..<count {
            let place = index + 1 + number * width
            let length = bytes[place..<place + width].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= index - start else { break }
            units.append(Unit(range: start..<start + length, isHidden: number < count - 1))
            start += length
        }
        return units
    }
}

extension Packet {
    /// The same packet with other bytes in a range that lies within it.
    public func filling(_ range: Range<Int>, with byte: UInt8) throws(FFmpegError) -> Packet {
        let copy = try Packet()
        try check(av_packet_ref(copy.pointer, pointer), "reference a packet")
        try check(av_packet_make_writable(copy.pointer), "copy a packet")
        let range = range.clamped(to: 0..<max(0, byteCount))
        if let data = copy.pointer.pointee.data { memset(data + range.lowerBound, Int32(byte), range.count) }
        return copy
    }
}
