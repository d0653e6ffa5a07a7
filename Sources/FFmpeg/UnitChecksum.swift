internal import CFFmpeg

/// Sums up packets so that one from an encoder can be compared with the same one read from a container.
///
/// H.264 and HEVC separate their NAL units by start codes on one side and by lengths on the other (ISO/IEC
/// 14496-15 §5.3.3), and MPEG-TS wants a delimiter before each picture, so only the other units count.
public struct UnitChecksum: Sendable {
    /// `nil` where packets are taken as a whole.
    private let units: NALUnits?

    /// For the packets of an input's stream.
    public init(_ stream: Stream) { self.init(stream.parameters) }

    /// For the packets of an encoder.
    public init(_ track: Muxer.Track) { self.init(track.parameters) }

    private init(_ parameters: CodecParameters) {
        units = NALUnits(parameters.pointer.pointee)
    }

    /// CRC-32 (IEEE 802.3 §3.2.9) of the packet's units, each with its length before it.
    public func sum(_ packet: Packet) -> UInt32 {
        guard let start = packet.pointer.pointee.data else { return 0 }
        let bytes = UnsafeBufferPointer(start: start, count: max(0, packet.byteCount))
        var sum: UInt32 = 0
        guard let units else {
            UnitChecksum.add(bytes, &sum)
            return sum
        }
        units.forEach(in: bytes) { range in
            UnitChecksum.add(unit: UnsafeBufferPointer(rebasing: bytes[range]), units.isHEVC, &sum)
        }
        return sum
    }

    /// Zeros behind a unit belong to the start code that follows.
    private static func add(unit: UnsafeBufferPointer<UInt8>, _ isHEVC: Bool, _ sum: inout UInt32) {
        var end = unit.count
        while end > 0, unit[end - 1] == 0 { end -= 1 }
        guard end > 0 else { return }
        // Access unit delimiters: ITU-T H.264 table 7-1, H.265 table 7-1.
        let isDelimiter = isHEVC ? unit[0] >> 1 & 63 == 35 : unit[0] & 31 == 9
        guard !isDelimiter else { return }
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: end).bigEndian) { length in
            add(length.bindMemory(to: UInt8.self), &sum)
        }
        add(UnsafeBufferPointer(rebasing: unit[..<end]), &sum)
    }

    private static func add(_ bytes: UnsafeBufferPointer<UInt8>, _ sum: inout UInt32) {
        guard let start = bytes.baseAddress else { return }
        sum = av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), sum, start, bytes.count)
    }
}
