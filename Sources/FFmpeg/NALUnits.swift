internal import CFFmpeg

/// Where the NAL units of H.264 and HEVC lie in a packet.
///
/// They are separated by start codes (ITU-T H.264 annex B), or each follows its length (ISO/IEC 14496-15 §5.3.3).
struct NALUnits: Sendable {
    let isHEVC: Bool
    /// Bytes of each unit's length; `nil` where start codes separate them.
    private let lengthSize: Int?

    /// `nil` for other codecs.
    init?(_ parameters: AVCodecParameters) {
        isHEVC = parameters.codec_id == AV_CODEC_ID_HEVC
        guard isHEVC || parameters.codec_id == AV_CODEC_ID_H264 else { return nil }
        // ISO/IEC 14496-15 §5.3.3.1 and §8.3.3.1: lengthSizeMinusOne.
        let place = isHEVC ? 21 : 4
        if let extra = parameters.extradata, parameters.extradata_size > place, extra[0] == 1 {
            lengthSize = Int(extra[place] & 3) + 1
        } else {
            lengthSize = nil
        }
    }

    /// Hands on the range of each unit, in their order.
    func forEach(in bytes: UnsafeBufferPointer<UInt8>, _ take: (Range<Int>) -> Void) {
        if let lengthSize {
            NALUnits.lengths(bytes, lengthSize, take)
        } else {
            NALUnits.startCodes(bytes, take)
        }
    }

    private static func startCodes(_ bytes: UnsafeBufferPointer<UInt8>, _ take: (Range<Int>) -> Void) {
        var begin = bytes.count
        var index = 0
        while index + 2 < bytes.count {
            // A byte over 1 is in no start code, so none ends before the third one behind it.
            if bytes[index + 2] > 1 {
                index += 3
            } else if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                if begin < index { take(begin..<index) }
                index += 3
                begin = index
            } else {
                index += 1
            }
        }
        if begin < bytes.count { take(begin..<bytes.count) }
    }

    private static func lengths(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ size: Int,
        _ take: (Range<Int>) -> Void
    ) {
        var index = 0
        while bytes.count - index > size {
            let length = bytes[index..<index + size].reduce(0) { $0 << 8 | Int($1) }
            index += size
            let end = index + min(length, bytes.count - index)
            take(index..<end)
            index = end
        }
    }
}
