internal import CFFmpeg

/// Sums up packets so that one from an encoder can be compared with the same one read from a container.
///
/// H.264 and HEVC separate their NAL units by start codes on one side and by lengths on the other (ISO/IEC
/// 14496-15 §5.3.3), and MPEG-TS wants a delimiter before each picture, so only the other units count.
public struct UnitChecksum: Sendable {
    private enum Layout: Sendable, Equatable {
        case whole
        case startCodes(isHEVC: Bool)
        case lengths(size: Int, isHEVC: Bool)
    }

    private let layout: Layout

    /// For the packets of an input's stream.
    public init(_ stream: Stream) { self.init(stream.parameters) }

    /// For the packets of an encoder.
    public init(_ track: Muxer.Track) { self.init(track.parameters) }

    private init(_ parameters: CodecParameters) {
        let parameters = parameters.pointer.pointee
        let isHEVC = parameters.codec_id == AV_CODEC_ID_HEVC
        guard isHEVC || parameters.codec_id == AV_CODEC_ID_H264 else {
            layout = .whole
            return
        }
        let extra = UnsafeBufferPointer(
            start: parameters.extradata,
            count: parameters.extradata == nil ? 0 : max(0, Int(parameters.extradata_size))
        )
        let place = isHEVC ? 21 : 4
        layout =
            extra.count > place && extra[0] == 1
            ? .lengths(size: Int(extra[place] & 3) + 1, isHEVC: isHEVC) : .startCodes(isHEVC: isHEVC)
    }

    /// CRC-32 (IEEE 802.3 §3.2.9) of the packet's units, each with its length before it.
    public func sum(_ packet: Packet) -> UInt32 {
        guard let start = packet.pointer.pointee.data else { return 0 }
        let bytes = UnsafeBufferPointer(start: start, count: max(0, packet.byteCount))
        var sum: UInt32 = 0
        switch layout {
        case .whole: UnitChecksum.add(bytes, &sum)
        case .startCodes(let isHEVC):
            UnitChecksum.units(bytes) { UnitChecksum.add(unit: $0, isHEVC, &sum) }
        case .lengths(let size, let isHEVC):
            UnitChecksum.units(bytes, lengthSize: size) { UnitChecksum.add(unit: $0, isHEVC, &sum) }
        }
        return sum
    }

    private static func units(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ take: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var begin = bytes.count
        var index = 0
        while index + 2 < bytes.count {
            // A byte over 1 is in no start code, so none ends before the third one behind it.
            if bytes[index + 2] > 1 {
                index += 3
            } else if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                if begin < index { take(UnsafeBufferPointer(rebasing: bytes[begin..<index])) }
                index += 3
                begin = index
            } else {
                index += 1
            }
        }
        if begin < bytes.count { take(UnsafeBufferPointer(rebasing: bytes[begin...])) }
    }

    private static func units(
        _ bytes: UnsafeBufferPointer<UInt8>,
        lengthSize: Int,
        _ take: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var index = 0
        while bytes.count - index > lengthSize {
            let length = bytes[index..<index + lengthSize].reduce(0) { $0 << 8 | Int($1) }
            index += lengthSize
            let end = index + min(length, bytes.count - index)
            take(UnsafeBufferPointer(rebasing: bytes[index..<end]))
            index = end
        }
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
