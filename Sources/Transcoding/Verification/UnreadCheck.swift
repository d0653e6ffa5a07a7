internal import FFmpeg

/// Looks for damaged pictures that no decoder complains of, where something suddenly appears and goes again.
///
/// It keeps the packets of two groups of pictures, no more than 12 MiB of each, and decodes some of them once
/// more where it has doubts.
struct UnreadCheck {
    private struct Group {
        var packets: [Packet] = []
        var byteCount = 0
        var pictures: [SuddenChange.Picture] = []
        /// Whether packets are missing, or somebody complained of damage already.
        var isUnfit = false
        /// Whether nothing was shown before it that it could differ from.
        var isFirst = false
    }

    private static let (mostPackets, mostBytes) = (600, 12 << 20)
    /// Pictures of 1280x720 that may be decoded again at first, and in one go; of smaller ones more.
    private static let firstAllowance = 40
    private static let mostAtFirst = 400
    /// Pictures that may be decoded again where nothing is sudden.
    private static let withoutDoubt = 40
    /// The share of what was decoded that may be decoded again.
    private static let share = 0.01

    private let stream: FFmpeg.Stream
    private let units: EntropyUnits
    private let limits: IngestLimits
    /// The groups whose pictures have not all been shown, oldest first; two, or three in between.
    private var groups: [Group] = []
    private var sketch: PictureSketch?
    private var shownCount = 0
    private var spent = 0
    private var complaints = 0
    /// Groups in which a decoder left the end of a picture unread.
    private(set) var damagedCount = 0

    /// `nil` for codecs of which it cannot be told.
    init?(_ stream: FFmpeg.Stream, _ limits: IngestLimits) {
        guard let units = EntropyUnits(stream) else { return nil }
        (self.stream, self.units, self.limits) = (stream, units, limits)
    }

    /// Takes the next packet, before it is decoded.
    mutating func take(_ packet: Packet) {
        if packet.isKeyframe {
            groups.append(Group(isFirst: shownCount == 0 && groups.isEmpty))
            // Nobody holds back so many.
            if groups.count > 16 { groups.removeFirst(groups.count - 16) }
        }
        guard let last = groups.indices.last else { return }
        groups[last].packets.append(packet)
        groups[last].byteCount += packet.byteCount
        guard
            groups[last].packets.count > UnreadCheck.mostPackets
                || groups[last].byteCount > UnreadCheck.mostBytes
        else { return }
        groups[last].isUnfit = true
        groups[last].packets = []
        groups[last].byteCount = 0
    }

    /// Takes the next picture, after which a decoder had complained so often.
    mutating func take(_ frame: Frame, complaints: Int) {
        guard let pts = frame.pts, !groups.isEmpty else { return }
        shownCount += 1
        let next = PictureSketch(frame)
        let change = next.flatMap { next in sketch.map { next.change(from: $0) } }
        sketch = next
        // A keyframe's picture ends the group before.
        if let owner = groups.dropFirst().firstIndex(where: { $0.packets.first?.pts == pts }) {
            for group in groups[..<owner] where next != nil { judge(group, next: change) }
            groups.removeFirst(owner)
        }
        if complaints != self.complaints { groups[0].isUnfit = true }
        self.complaints = complaints
        if groups[0].isUnfit { return }
        groups[0].pictures.append(SuddenChange.Picture(pts: pts, change: change))
    }

    /// Judges what is left; neither packets nor pictures may follow.
    mutating func finish() {
        for group in groups { judge(group, next: nil) }
        groups = []
    }

    private var firstAllowance: Int {
        let pixels = max(1, stream.size.width * stream.size.height)
        return min(UnreadCheck.firstAllowance * 1280 * 720 / pixels, UnreadCheck.mostAtFirst)
    }

    private mutating func judge(_ group: Group, next: [UInt8]?) {
        guard !group.isUnfit, group.packets.count > 1, group.pictures.count > 1 else { return }
        let sudden = SuddenChange.find(group.pictures, next: next)
        guard let doubtful = sudden ?? (group.isFirst ? 0 : nil),
            let number = group.packets.firstIndex(where: { $0.pts == group.pictures[doubtful].pts })
        else { return }
        let first = firstAllowance
        let allowance = min(first, first + Int(Double(shownCount) * UnreadCheck.share) - spent)
        let budget = sudden == nil ? min(allowance, UnreadCheck.withoutDoubt) : allowance
        // Up to that picture it takes two decoders.
        guard budget >= 2 * (number + 1),
            var end = try? UnreadEnd(group.packets, stream, units, limits, budget: budget)
        else { return }
        let isDamaged = (try? end.isThere(upTo: number)) ?? false
        spent += budget - end.budget
        if isDamaged { damagedCount += 1 }
    }
}
