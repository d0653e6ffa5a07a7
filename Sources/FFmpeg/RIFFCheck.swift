/// Follows the chunks of an AVI file from one to the next, from bytes that come in order.
///
/// Each chunk's length leads to the next. Where it does not, bytes are missing or are there twice, which
/// libavformat searches its way over.
struct RIFFCheck: Sendable {
    private enum State: Sendable {
        /// At the head of a chunk, of which these bytes have come.
        case head([UInt8])
        case body(remaining: Int64, isOdd: Bool)
        case over
    }

    private var state = State.head([])
    /// The byte that made the last chunk's length even; not every program adds it.
    private var padding: UInt8?
    private(set) var errorCount = 0

    /// Whether a file that begins so is an AVI file.
    static func takes(_ head: UnsafeRawBufferPointer) -> Bool {
        head.count >= 12 && head.starts(with: "RIFF".utf8) && head[8..<12].elementsEqual("AVI ".utf8)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while let byte = rest.first {
            switch state {
            case .head(var head):
                head.append(byte)
                rest.removeFirst()
                state = after(head)
            case .body(0, _):
                padding = byte
                rest.removeFirst()
                state = .head([])
            case .body(let remaining, let isOdd):
                let part = rest.prefix(Int(clamping: remaining))
                rest = rest[part.endIndex...]
                let left = remaining - Int64(part.count)
                state = left == 0 && !isOdd ? .head([]) : .body(remaining: left, isOdd: isOdd)
            case .over: return
            }
        }
    }

    private mutating func after(_ head: [UInt8]) -> State {
        guard head.count >= 8 else { return .head(head) }
        // Chunks' names are printable (Multimedia Programming Interface and Data Specifications 1.0).
        guard RIFFCheck.isName(head[..<4]) else {
            let isUnpadded = padding.map { RIFFCheck.isName([$0] + head[..<3]) } ?? false
            if !isUnpadded { errorCount += 1 }
            return .over
        }
        let isList = head.starts(with: "RIFF".utf8) || head.starts(with: "LIST".utf8)
        if isList {
            guard head.count >= 12 else { return .head(head) }
            // What only describes the file is left out as a whole.
            if head[8..<12].elementsEqual("movi".utf8) || head[8..<12].elementsEqual("rec ".utf8)
                || head.starts(with: "RIFF".utf8)
            {
                return .head([])
            }
        }
        let size = head[4..<8].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        padding = nil
        let left = size - Int64(head.count - 8)
        guard left > 0 || size % 2 == 1 else { return .head([]) }
        return .body(remaining: max(0, left), isOdd: size % 2 == 1)
    }

    /// Whether a chunk may be called so (Multimedia Programming Interface and Data Specifications 1.0).
    private static func isName(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.allSatisfy { (0x20..<0x7f).contains($0) }
    }
}
