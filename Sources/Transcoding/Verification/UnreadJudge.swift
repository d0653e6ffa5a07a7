internal import FFmpeg

/// Decodes some packets of a group of pictures once more where it has doubts.
final class UnreadJudge: Sendable {
    /// A keyframe and what follows it up to the next one.
    struct Group {
        var packets: [Packet] = []
        var byteCount = 0
        var pictures: [SuddenChange.Picture] = []
        /// Whether packets are missing, or somebody complained of damage already.
        var isUnfit = false
        /// Whether nothing was shown before it that it could differ from.
        var isFirst = false
        /// The checksum of the first picture of all, where it is of this group.
        var firstSum: UInt32?
        /// How much the cells of the next keyframe differ from the last picture; `nil` at the end of the stream.
        var next: [UInt8]?
        /// What it cost to decode all packets up to when it was complete.
        var decodedCost = 0
    }

    private struct State {
        var spent = 0
        var damagedCount = 0
        /// The first group, until there is enough to spend on its keyframe.
        var first: Group?
    }

    /// What may be spent at first, as `UnreadEnd.cost` counts: a tenth of a second, 35 pictures of 720p at 2 Mbit/s.
    static let firstAllowance = 512 << 10
    /// What may be spent in one go.
    private static let most = 2 << 20
    /// The share of what decoding costs that may be spent besides.
    private static let share = 0.01

    private let stream: FFmpeg.Stream
    private let units: EntropyUnits
    private let limits: IngestLimits
    private let firstAllowance: Int
    private let state = Lock(State())

    init(
        _ stream: FFmpeg.Stream,
        _ units: EntropyUnits,
        _ limits: IngestLimits,
        firstAllowance: Int = UnreadJudge.firstAllowance
    ) {
        (self.stream, self.units, self.limits, self.firstAllowance) = (stream, units, limits, firstAllowance)
    }

    /// Groups in which a decoder left the end of a picture unread.
    var damagedCount: Int { state.withLock { $0.damagedCount } }

    /// Judges a group; one at a time, in their order.
    func accept(_ group: Group) {
        if let doubtful = SuddenChange.find(group.pictures, next: group.next) {
            judge(group, doubtful, first: nil, group.decodedCost)
        } else if group.isFirst {
            state.withLock { $0.first = group }
        }
        judgeFirst(group.decodedCost)
    }

    /// Judges the first group if it still can; no group follows.
    func finish(decodedCost: Int) {
        judgeFirst(decodedCost)
        state.withLock { $0.first = nil }
    }

    /// The very first picture differs from none, so it is looked at without a doubt.
    private func judgeFirst(_ decodedCost: Int) {
        guard let group = state.withLock({ $0.first }) else { return }
        if judge(group, 0, first: group.firstSum, decodedCost) { state.withLock { $0.first = nil } }
    }

    /// Looks at what precedes a picture that is `doubtful`, unless that costs too much, and says whether it did.
    @discardableResult
    private func judge(_ group: Group, _ doubtful: Int, first: UInt32?, _ decodedCost: Int) -> Bool {
        guard let number = group.packets.firstIndex(where: { $0.pts == group.pictures[doubtful].pts }) else {
            return true
        }
        let earned = Int(Double(decodedCost) * UnreadJudge.share)
        let allowance = firstAllowance + earned - state.withLock { $0.spent }
        let budget = min(allowance, UnreadJudge.most)
        let once = group.packets[...number].reduce(0) { $0 + UnreadEnd.cost($1, of: stream) }
        // The packets up to that picture are decoded twice, unless the first picture is known already.
        guard budget >= (first == nil ? 2 : 1) * once else { return false }
        var end = UnreadEnd(group.packets, stream, units, limits, budget: budget, first: first)
        let isDamaged = (try? end.isThere(upTo: number)) ?? false
        state.withLock { state in
            state.spent += budget - end.budget
            if isDamaged { state.damagedCount += 1 }
        }
        return true
    }
}
