internal import CFFmpeg

/// Looks for byte sequences that H.264 and HEVC forbid, which decoders take for pictures.
///
/// Within a NAL unit no three bytes are 0 0 0, 0 0 1 or 0 0 2: encoders put a 3 in between (ITU-T H.264
/// §7.4.1, H.265 §7.4.2). It can be told where containers write the units' lengths, as MP4 and Matroska do.
public struct NALCheck: Sendable {
    private let lengthSize: Int

    /// `nil` for other codecs, and where start codes separate the units.
    public init?(_ stream: Stream) {
        let parameters = stream.parameters.pointer.pointee
        guard let extra = parameters.extradata, extra[0] == 1 else { return nil }
        switch parameters.codec_id {
        // ISO/IEC 14496-15 §5.3.3.1 and §8.3.3.1: lengthSizeMinusOne.
        case AV_CODEC_ID_H264 where parameters.extradata_size >= 7: lengthSize = Int(extra[4] & 3) + 1
        case AV_CODEC_ID_HEVC where parameters.extradata_size >= 23: lengthSize = Int(extra[21] & 3) + 1
        default: return nil
        }
    }

    /// Whether the packet consists of whole units without a forbidden sequence.
    public func isLegal(_ packet: Packet) -> Bool {
        guard let data = packet.pointer.pointee.data else { return true }
        let bytes = UnsafeBufferPointer(start: data, count: max(0, packet.byteCount))
        var position = 0
        while position < bytes.count {
            guard bytes.count - position > lengthSize else { return false }
            let length = bytes[position..<position + lengthSize].reduce(0) { $0 << 8 | Int($1) }
            position += lengthSize
            guard length <= bytes.count - position else { return false }
            let unit = UnsafeBufferPointer(rebasing: bytes[position..<position + length])
            guard NALCheck.isLegal(unit) else { return false }
            position += length
        }
        return true
    }

    /// Zeros at the end are what is left of a start code, and harmless.
    private static func isLegal(_ unit: UnsafeBufferPointer<UInt8>) -> Bool {
        var end = unit.count
        while end > 0, unit[end - 1] == 0 { end -= 1 }
        var index = 2
        while index < end {
            // Whatever is over 3 here cannot end, nor be within, a forbidden sequence for three bytes.
            if unit[index] > 3 {
                index += 3
                continue
            }
            if unit[index] != 3, unit[index - 1] == 0, unit[index - 2] == 0 { return false }
            index += 1
        }
        return true
    }
}
