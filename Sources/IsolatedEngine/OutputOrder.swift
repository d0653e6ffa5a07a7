/// Holds the writes of a process that is not trusted against what `AsyncOutput` promises.
struct OutputOrder {
    let limit: Int64
    private var headCount: Int64?
    private var next: Int64 = 0
    private var headNext: Int64 = 0

    init(limit: Int64) { self.limit = limit }

    /// - Throws: `BrokenProtocol` for a write that is out of order or too far.
    mutating func take(_ range: Range<Int64>) throws(BrokenProtocol) {
        guard range.upperBound <= limit else { throw BrokenProtocol() }
        if range.lowerBound == next, headNext == 0, headCount != nil {
            next = range.upperBound
        } else if headCount == nil, range.lowerBound > 0 {
            headCount = range.lowerBound
            next = range.upperBound
        } else if range.lowerBound == headNext, range.upperBound <= headCount ?? limit {
            headNext = range.upperBound
        } else {
            throw BrokenProtocol()
        }
    }

    /// - Throws: `BrokenProtocol` when `byteCount` is not what was written.
    func finish(_ byteCount: Int64) throws(BrokenProtocol) {
        guard headNext > 0, headNext == headCount ?? headNext, max(next, headNext) == byteCount else {
            throw BrokenProtocol()
        }
    }
}
