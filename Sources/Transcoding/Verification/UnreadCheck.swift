internal import FFmpeg

/// Looks for damaged pictures that no decoder complains of, where something suddenly appears and goes again.
///
/// It keeps the packets of two groups of pictures, of one that is judged, and of the first, no more than 12 MiB of
/// each.
struct UnreadCheck {
    private static let (mostPackets, mostBytes) = (600, 12 << 20)

    /// The groups whose pictures have not all been shown, oldest first; two, or three in between.
    private var groups: [UnreadJudge.Group] = []
    private var sketch: PictureSketch?
    private var hasShown = false
    private var complaints = 0
    /// What it cost to decode the packets so far.
    private var decodedCost = 0
    private let stream: FFmpeg.Stream
    private let judge: UnreadJudge
    /// Groups are judged beside the decoding, one after the other; none waits.
    private let judging: Stage<UnreadJudge.Group>

    /// `nil` for codecs of which it cannot be told.
    init?(_ stream: FFmpeg.Stream, _ limits: IngestLimits) {
        guard let units = EntropyUnits(stream) else { return nil }
        self.stream = stream
        let judge = UnreadJudge(stream, units, limits)
        self.judge = judge
        judging = Stage("unread", slots: 1, failure: FirstFailure()) { judge.accept($0) }
    }

    /// Takes the next packet, before it is decoded.
    mutating func take(_ packet: Packet) {
        decodedCost += UnreadEnd.cost(packet, of: stream)
        if packet.isKeyframe {
            groups.append(UnreadJudge.Group(isFirst: !hasShown && groups.isEmpty))
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
        if !hasShown, groups[0].isFirst { groups[0].firstSum = frame.checksum }
        hasShown = true
        let next = PictureSketch(frame)
        let change = next.flatMap { next in sketch.map { next.change(from: $0) } }
        sketch = next
        // A keyframe's picture ends the group before.
        if let owner = groups.dropFirst().firstIndex(where: { $0.packets.first?.pts == pts }) {
            for group in groups[..<owner] where next != nil { send(group, next: change) }
            groups.removeFirst(owner)
        }
        if complaints != self.complaints { groups[0].isUnfit = true }
        self.complaints = complaints
        if groups[0].isUnfit { return }
        groups[0].pictures.append(SuddenChange.Picture(pts: pts, change: change))
    }

    /// Judges what is left; neither packets nor pictures may follow.
    mutating func finish() {
        for group in groups { send(group, next: nil) }
        groups = []
        judging.drain()
        judge.finish(decodedCost: decodedCost)
    }

    /// Groups in which a decoder left the end of a picture unread, once it is finished.
    var damagedCount: Int { judge.damagedCount }

    private func send(_ group: UnreadJudge.Group, next: [UInt8]?) {
        guard !group.isUnfit, group.packets.count > 1, group.pictures.count > 1 else { return }
        var group = group
        (group.next, group.decodedCost) = (next, decodedCost)
        judging.send(group)
    }
}
