internal import CFFmpeg

/// Checks the CRC-32 of Matroska's top elements (RFC 8794 §11.3.1, RFC 9559), from bytes that come in order.
///
/// libavformat writes them into every cluster of a Matroska file, and reads over them.
struct EBMLCheck: Sendable {
    private enum State: Sendable {
        /// At the head of an element, of which these bytes have come.
        case head([UInt8])
        /// At the beginning of a top element, which may be its CRC-32; its bytes, and those that have come.
        case first(remaining: Int64, bytes: [UInt8])
        case body(remaining: Int64, expected: UInt32?, sum: UInt32)
        /// What follows cannot be checked.
        case over
    }

    private static let segment: UInt32 = 0x1853_8067
    private static let crcElement: [UInt8] = [0xbf, 0x84]

    private var state = State.head([])
    private(set) var errorCount = 0

    /// Whether a file that begins so is made of such elements.
    static func takes(_ head: UnsafeRawBufferPointer) -> Bool { head.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) }

    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while let byte = rest.first {
            switch state {
            case .head(var head):
                head.append(byte)
                rest.removeFirst()
                state = after(head)
            case .first(let remaining, var head):
                head.append(byte)
                rest.removeFirst()
                state = EBMLCheck.began(head, remaining)
            case .body(let remaining, let expected, let sum):
                let part = rest.prefix(Int(clamping: remaining))
                rest = rest[part.endIndex...]
                // Without a CRC-32 there is nothing to add up.
                let next = expected == nil ? sum : EBMLCheck.sum(part, sum)
                let left = remaining - Int64(part.count)
                state = .body(remaining: left, expected: expected, sum: next)
                guard left == 0 else { return }
                if let expected, expected != ~next { errorCount += 1 }
                state = .head([])
            case .over: return
            }
        }
    }

    private func after(_ head: [UInt8]) -> State {
        let idLength = head[0].leadingZeroBitCount + 1
        guard idLength <= 4 else { return .over }
        guard head.count > idLength else { return .head(head) }
        let sizeLength = head[idLength].leadingZeroBitCount + 1
        guard sizeLength <= 8 else { return .over }
        guard head.count == idLength + sizeLength else { return .head(head) }
        let id = head[..<idLength].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        // What is inside the segment comes next, whatever its size.
        if id == EBMLCheck.segment { return .head([]) }
        let bits = head[idLength...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unknown = UInt64(1) << UInt64(7 * sizeLength) - 1
        let size = bits & unknown
        guard size != unknown else { return .over }
        return size == 0 ? .head([]) : .first(remaining: Int64(size), bytes: [])
    }

    private static func began(_ head: [UInt8], _ remaining: Int64) -> State {
        let left = remaining - Int64(head.count)
        guard left > 0 else { return .head([]) }
        guard head.prefix(2).elementsEqual(crcElement.prefix(head.count)) else {
            return .body(remaining: left, expected: nil, sum: 0)
        }
        guard head.count == 6 else { return .first(remaining: remaining, bytes: head) }
        let expected = head[2...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return .body(remaining: left, expected: expected, sum: .max)
    }

    private static func sum(_ bytes: Slice<UnsafeRawBufferPointer>, _ sum: UInt32) -> UInt32 {
        guard let start = UnsafeRawBufferPointer(rebasing: bytes).bindMemory(to: UInt8.self).baseAddress
        else {
            return sum
        }
        return av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), sum, start, bytes.count)
    }
}
