internal import CFFmpeg

/// Looks whether VP8's pictures end where their encoder ended.
///
/// VP8 has no checksums, and a decoder that has read one wrong bit goes on with other symbols and complains of
/// nothing. But then it rarely comes out where the picture ends. libvpx, with which browsers record, ends every
/// partition with a byte or two of zeros that no symbol needs. Where a stream's encoder does so, a picture that
/// ends otherwise is damaged; of streams of other encoders nothing is said.
public struct VP8Check: Sendable {
    /// So many pictures in a row show what the encoder does; in short clips so many, and most of them.
    private static let (longRun, shortRun) = (24, 5)
    /// Bits that libvpx leaves at the end of a partition.
    private static let padding = 9...16

    private var probabilities = VP8Probabilities()
    private var columns = 0
    private var rows = 0
    private var regularCount = 0
    private var irregularCount = 0
    private var run = 0
    private var longestRun = 0

    /// `nil` for other codecs.
    public init?(_ stream: Stream) {
        guard stream.parameters.pointer.pointee.codec_id == AV_CODEC_ID_VP8 else { return nil }
    }

    /// Pictures that do not end as the others do.
    public var damagedCount: Int {
        // One wrong picture can make all up to the next keyframe unreadable.
        let isMost =
            regularCount >= 3 * irregularCount || longestRun * 3 >= regularCount + irregularCount
        let isKnown =
            longestRun >= VP8Check.longRun || (longestRun >= VP8Check.shortRun && isMost)
        return isKnown ? irregularCount : 0
    }

    /// Takes the stream's next packet.
    public mutating func take(_ packet: Packet) {
        guard let data = packet.pointer.pointee.data, packet.byteCount > 0 else { return }
        let bytes = UnsafeBufferPointer(start: data, count: packet.byteCount)
        guard let isRegular = isRegular(bytes) else { return }
        if isRegular {
            regularCount += 1
            run += 1
            longestRun = max(longestRun, run)
        } else {
            irregularCount += 1
            run = 0
        }
    }

    /// Whether a picture ends as libvpx's do; `nil` before the first keyframe, where nothing can be said.
    private mutating func isRegular(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool? {
        guard bytes.count >= 3 else { return false }
        let tag = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
        let isKeyframe = tag & 1 == 0
        var start = 3
        if isKeyframe {
            guard bytes.count >= 10, bytes[3] == 0x9d, bytes[4] == 0x01, bytes[5] == 0x2a else {
                return false
            }
            columns = ((Int(bytes[6]) | Int(bytes[7] & 0x3f) << 8) + 15) / 16
            rows = ((Int(bytes[8]) | Int(bytes[9] & 0x3f) << 8) + 15) / 16
            start = 10
        }
        guard columns > 0, rows > 0 else { return nil }
        let end = start + tag >> 5
        guard end <= bytes.count else { return false }
        var modes = BoolReader(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        var before = probabilities
        var current = probabilities
        let header = VP8Header(&modes, isKeyframe: isKeyframe, &current, before: &before)
        probabilities = header.isLasting ? current : before
        guard let parts = VP8Check.partitions(bytes, from: end, header.partitionCount) else { return false }
        let walk = VP8Walk(header, current, columns: columns, rows: rows, modes: modes, partitions: parts)
        return walk.run().allSatisfy { reader in
            var rest = reader
            return VP8Check.padding.contains(rest.unusedBits) && !(0..<16).contains { _ in rest.flag() }
        }
    }

    /// The decoders of the partitions that hold coefficients, whose sizes come before them (§9.5).
    private static func partitions(
        _ bytes: UnsafeBufferPointer<UInt8>,
        from start: Int,
        _ count: Int
    ) -> [BoolReader]? {
        var position = start + 3 * (count - 1)
        guard position <= bytes.count else { return nil }
        var readers: [BoolReader] = []
        for index in 0..<count {
            var end = bytes.count
            if index < count - 1 {
                let place = start + 3 * index
                let size = Int(bytes[place]) | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2]) << 16
                end = position + size
                guard end <= bytes.count else { return nil }
            }
            readers.append(BoolReader(UnsafeBufferPointer(rebasing: bytes[position..<end])))
            position = end
        }
        return readers
    }
}
