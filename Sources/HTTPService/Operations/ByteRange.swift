/// Which bytes of an object a request wants (RFC 9110 §14).
enum ByteRange: Sendable, Equatable {
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    /// Reads a `Range` header for an object of `byteCount` bytes; several ranges are answered by the whole.
    init(_ header: String?, byteCount: Int64) {
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else {
            self = .whole
            return
        }
        let text = header.dropFirst(6).filter { $0 != " " }
        let sides = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }) else {
            self = .whole
            return
        }
        // What does not fit into 63 bits lies behind every end.
        let (first, last) = (Int64(sides[0]), Int64(sides[1]))
        if sides[0].isEmpty {
            guard !sides[1].isEmpty else {
                self = .whole
                return
            }
            let length = min(last ?? .max, byteCount)
            self = length == 0 ? .unsatisfiable : .part(byteCount - length..<byteCount)
            return
        }
        guard let first, first < byteCount else {
            self = .unsatisfiable
            return
        }
        let end = sides[1].isEmpty ? byteCount : min(last ?? .max, byteCount - 1) + 1
        self = end > first ? .part(first..<end) : .whole
    }
}
