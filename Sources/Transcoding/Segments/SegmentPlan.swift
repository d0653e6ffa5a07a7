internal import FFmpeg

/// Where an input is cut into ranges that are encoded by themselves, as a pure rule.
///
/// A range begins with the picture of a keyframe and holds all pictures shown from then until the next range
/// begins. So pictures that are stored after a keyframe and shown before it belong to the range before, which
/// reads on past its end until it has them.
struct SegmentPlan: Sendable {
    /// Why an input, or what is to be made of it, is not cut.
    struct Unsuited: Error, Equatable {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// What is wanted, and where times count from.
    struct Request {
        /// Ranges that are wanted.
        var count: Int
        /// Seconds that a range lasts at least.
        var leastSeconds: Double
        let timebase: Timebase
        /// The tick that becomes zero in the output.
        let origin: Int64
        /// Seconds for which a picture is shown on average.
        let period: Double
        let limits: IngestLimits
    }

    /// Pictures shown one after the other.
    struct Part: Sendable, Equatable {
        /// The packets that are read, by their place in decoding order.
        let packets: Range<Int>
        /// The first of them.
        let keyframe: PacketScan.Entry
        /// Ticks since the origin at which the first picture is shown; `nil` for all from the start on.
        let start: Int64?
        /// Ticks since the origin at which the next range begins; `nil` for all to the end.
        let end: Int64?
        /// Pictures that are shown.
        let pictureCount: Int
        /// Seconds of the output for which they are.
        let seconds: Double
        /// Of all packets that are read.
        let checksum: PacketChecksum
        /// What decides which of the pictures stay.
        let clock: FrameRateConverter
        /// At a constant rate, the last slot before the range and the first one after it.
        let lastSlot: Int64?
        let endSlot: Int64?

        static func == (first: Part, second: Part) -> Bool {
            first.packets == second.packets && first.keyframe == second.keyframe
                && first.start == second.start && first.end == second.end
                && first.checksum == second.checksum
        }
    }

    let parts: [Part]

    /// Cuts pictures into ranges, at none of the keyframes at places in `avoided`.
    ///
    /// - Throws: `Unsuited` where there would be fewer than two, or where the ordinary way is to judge.
    init(
        _ entries: [PacketScan.Entry],
        _ request: Request,
        timing: PictureTiming,
        avoiding avoided: Set<Int> = []
    ) throws(Unsuited) {
        let shown = try SegmentPlan.shownTicks(entries, request)
        let candidates = SegmentPlan.candidates(entries, origin: request.origin)
            .filter { !avoided.contains($0.packet) }
        let cuts = SegmentPlan.choose(candidates, shown, request)
        guard !cuts.isEmpty else { throw Unsuited("no keyframe cuts it into ranges that are long enough") }
        let states = SegmentPlan.simulate(shown, cuts.map(\.start), request.timebase, timing)
        let bounds = [SegmentCut(packet: 0, tail: 0, start: .min)] + cuts
        var parts: [Part] = []
        var firstShown = 0
        for (index, cut) in bounds.enumerated() {
            let next = index + 1 < bounds.count ? bounds[index + 1] : nil
            let packets = cut.packet..<(next?.tail ?? entries.count)
            var checksum = PacketChecksum()
            for entry in entries[packets] {
                checksum.add(pts: entry.pts, byteCount: entry.byteCount, isKeyframe: entry.isKeyframe)
            }
            let endShown = next.map { next in
                shown[firstShown...].firstIndex { $0 >= next.start } ?? shown.count
            }
            let from = index == 0 ? 0 : cut.start
            let to = next?.start ?? (shown.last ?? 0) &+ Int64(request.period / request.timebase.value)
            parts.append(
                Part(
                    packets: packets,
                    keyframe: entries[cut.packet],
                    start: index == 0 ? nil : cut.start,
                    end: next?.start,
                    pictureCount: (endShown ?? shown.count) - firstShown,
                    seconds: Double(to &- from) * request.timebase.value,
                    checksum: checksum,
                    clock: states[index].clock,
                    lastSlot: states[index].lastSlot,
                    endSlot: index + 1 < bounds.count ? states[index + 1].firstSlot : nil
                )
            )
            firstShown = endShown ?? shown.count
        }
        guard parts.allSatisfy({ $0.pictureCount >= SegmentPlan.leastPictures }) else {
            throw Unsuited("some ranges would have hardly any pictures")
        }
        self.parts = parts
    }

    /// Encoders hold some pictures back, which a range has to have.
    static let leastPictures = 8
    /// Packets after a keyframe among which those are that are shown before it.
    private static let mostLeading = 64

    /// The moments at which pictures are shown, in ticks since the origin and in order.
    private static func shownTicks(
        _ entries: [PacketScan.Entry],
        _ request: Request
    ) throws(Unsuited) -> [Int64] {
        let timebase = request.timebase.value
        let shown = entries.filter { !$0.isDiscarded }.map { $0.pts &- request.origin }
            .filter { Double($0) * timebase >= -request.period }
            .map { max(0, $0) }.sorted()
        guard let last = shown.last, entries.first?.isKeyframe == true else {
            throw Unsuited("it does not begin with a keyframe")
        }
        let limits = request.limits
        let seconds = Double(last) * timebase
        guard seconds <= limits.maxDuration, Double(shown.count) <= limits.maxFrameRate * seconds else {
            throw Unsuited("its times are beyond the limits")
        }
        for (tick, next) in zip(shown, shown.dropFirst())
        where Double(next &- tick) * timebase > limits.maxGap {
            throw Unsuited("it has a gap")
        }
        return shown
    }

    /// Takes for each even part the nearest keyframe that leaves both sides long enough.
    private static func choose(
        _ candidates: [SegmentCut],
        _ shown: [Int64],
        _ request: Request
    ) -> [SegmentCut] {
        guard request.count > 1, let last = shown.last else { return [] }
        let ticks = { (seconds: Double) in Int64(seconds / request.timebase.value) }
        let total = Double(last) * request.timebase.value + request.period
        let count = min(request.count, max(1, Int(total / max(request.leastSeconds, 0.01))))
        let least = ticks(request.leastSeconds)
        let latest = last &+ ticks(request.period) &- least
        let candidates = candidates.filter { $0.start <= latest }
        var cuts: [SegmentCut] = []
        var next = 0
        for number in 1..<max(count, 1) {
            let ideal = ticks(total * Double(number) / Double(count))
            let earliest = (cuts.last?.start ?? 0) &+ least
            while next < candidates.count, candidates[next].start < earliest { next += 1 }
            guard next < candidates.count else { break }
            // The candidates are in the order of their times.
            while next + 1 < candidates.count,
                abs(candidates[next + 1].start &- ideal) < abs(candidates[next].start &- ideal)
            {
                next += 1
            }
            cuts.append(candidates[next])
        }
        return cuts
    }

    /// The keyframes at which pictures can be parted in two, in the order of their times.
    static func candidates(_ entries: [PacketScan.Entry], origin: Int64) -> [SegmentCut] {
        // For each packet, the earliest of all that follow it.
        var earliest = [Int64](repeating: .max, count: entries.count + 1)
        for index in entries.indices.reversed() {
            earliest[index] = min(earliest[index + 1], entries[index].pts)
        }
        var latest = Int64.min
        var cuts: [SegmentCut] = []
        for (index, entry) in entries.enumerated() {
            defer { latest = max(latest, entry.pts) }
            guard index > 0, entry.isKeyframe, !entry.isDiscarded, latest < entry.pts else { continue }
            var tail = index
            let end = min(entries.count, index + mostLeading)
            for following in index..<end where entries[following].pts < entry.pts { tail = following + 1 }
            guard earliest[end] > entry.pts else { continue }
            let start = entry.pts &- origin
            guard start > 0 else { continue }
            cuts.append(SegmentCut(packet: index, tail: tail, start: start))
        }
        return cuts
    }

    private struct Snapshot {
        let clock: FrameRateConverter
        let lastSlot: Int64?
        var firstSlot: Int64?
    }

    /// Lets the clock run over all pictures, and keeps how it stands at each cut.
    private static func simulate(
        _ shown: [Int64],
        _ cuts: [Int64],
        _ timebase: Timebase,
        _ timing: PictureTiming
    ) -> [Snapshot] {
        var clock = timing.clock
        var slot: Int64?
        var snapshots = [Snapshot(clock: clock, lastSlot: nil, firstSlot: nil)]
        var next = 0
        func take(_ placed: Int64?) {
            guard let placed, timing.isConstant else { return }
            let new = timing.slot(placed)
            if let slot, new <= slot { return }
            slot = new
            if snapshots[snapshots.count - 1].firstSlot == nil {
                snapshots[snapshots.count - 1].firstSlot = new
            }
        }
        for (index, ticks) in shown.enumerated() {
            while next < cuts.count, ticks >= cuts[next] {
                snapshots.append(Snapshot(clock: clock, lastSlot: slot, firstSlot: nil))
                next += 1
            }
            let time = Timestamp(ticks: ticks, timebase: timebase).converted(to: clock.timebase).ticks
            if index == 0, time != 0 { take(clock.place(0)) }
            take(clock.place(time))
        }
        return snapshots
    }
}

/// A keyframe before which an input can be cut.
struct SegmentCut: Equatable, Sendable {
    /// Its place in decoding order.
    let packet: Int
    /// Behind the last packet that is shown before it.
    let tail: Int
    /// When it is shown, in ticks since the origin.
    let start: Int64
}
