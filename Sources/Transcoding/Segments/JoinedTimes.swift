/// Gives the packets of ranges that follow each other decoding times that rise throughout, as a pure rule.
///
/// An encoder that reorders pictures takes for a packet's dts the pts of the picture that lies a fixed number
/// before it in the order of presentation. Here that order goes on from range to range.
struct JoinedTimes {
    /// Pictures by which the dts lags behind; known from the first range.
    private var delay: Int?
    /// The pts whose turn as a dts is still to come, in order.
    private var waiting: [Int64] = []

    /// The dts of a range's packets, whose times are given in decoding order.
    mutating func next(_ times: [(pts: Int64, dts: Int64)]) -> [Int64] {
        let sorted = times.map(\.pts).sorted()
        var result: [Int64] = []
        if delay == nil, let first = sorted.first {
            let count = times.prefix { $0.dts < first }.count
            delay = count
            result = times.prefix(count).map(\.dts)
        }
        waiting += sorted
        let count = times.count - result.count
        result += waiting.prefix(count)
        waiting.removeFirst(count)
        return result
    }
}
