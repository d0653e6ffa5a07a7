import FFmpeg
import Foundation
import Testing

@testable import Transcoding

@Suite("SegmentPlan")
struct SegmentPlanTests {
    /// Pictures 1/30 s apart in decoding order, by their place in the order of presentation.
    private func entries(_ places: [Int], keyframes: Set<Int>) -> [PacketScan.Entry] {
        places.enumerated().map { index, place in
            PacketScan.Entry(
                pts: Int64(place) * 1000,
                dts: Int64(index) * 1000,
                byteCount: Int32(100 + index),
                isKeyframe: keyframes.contains(place),
                isDiscarded: false
            )
        }
    }

    private func plan(
        _ entries: [PacketScan.Entry],
        count: Int,
        least: Double = 1,
        avoiding: Set<Int> = []
    ) throws -> SegmentPlan {
        let rate = Rational(30, 1)
        let timing = PictureTiming(average: rate, base: rate, rate: .auto(max: rate), isConstant: false)
        let request = SegmentPlan.Request(
            count: count,
            leastSeconds: least,
            timebase: Timebase(1, 30_000),
            origin: 0,
            period: 1.0 / 30,
            limits: IngestLimits()
        )
        return try SegmentPlan(entries, request, timing: timing, avoiding: avoiding)
    }

    @Test("Ranges take all pictures, each once, and begin at the keyframes nearest to even parts")
    func cutsEvenly() throws {
        let given = entries(Array(0..<300), keyframes: Set(stride(from: 0, to: 300, by: 20)))
        let parts = try plan(given, count: 4).parts
        #expect(parts.map(\.packets) == [0..<80, 80..<140, 140..<220, 220..<300])
        #expect(parts.map(\.pictureCount) == [80, 60, 80, 80])
        #expect(parts.map(\.start) == [nil, 80_000, 140_000, 220_000])
        #expect(parts.map(\.end) == [80_000, 140_000, 220_000, nil])
        #expect(abs(parts.map(\.seconds).reduce(0, +) - 10) < 0.001)
    }

    @Test("Pictures that are stored after a keyframe and shown before it are read by the range before")
    func leadingPictures() throws {
        // Each keyframe is followed by the two pictures that are shown before it.
        var places = Array(0..<38)
        for start in stride(from: 40, through: 100, by: 40) {
            places += [start, start - 2, start - 1] + Array(start + 1..<start + 38)
        }
        let parts = try plan(entries(places, keyframes: [0, 40, 80]), count: 3).parts
        #expect(parts.map(\.packets) == [0..<41, 38..<81, 78..<118])
        #expect(parts.map(\.pictureCount) == [40, 40, 38])
        #expect(parts.map { $0.keyframe.pts } == [0, 40_000, 80_000])
    }

    @Test("No range is shorter than it may be, whatever is asked for")
    func leastLength() throws {
        let given = entries(Array(0..<300), keyframes: Set(stride(from: 0, to: 300, by: 10)))
        #expect(try plan(given, count: 100, least: 3).parts.map(\.pictureCount) == [100, 100, 100])
        #expect(throws: SegmentPlan.Unsuited.self) { try plan(given, count: 9, least: 6) }
    }

    @Test("A keyframe that turned out to be none is avoided")
    func avoids() throws {
        let given = entries(Array(0..<120), keyframes: [0, 30, 60, 90])
        #expect(try plan(given, count: 2).parts[1].packets == 60..<120)
        let other = try plan(given, count: 2, avoiding: [60]).parts[1].packets.lowerBound
        #expect(other == 30 || other == 90)
    }

    @Test("What cannot be cut says why")
    func refuses() {
        let none = entries(Array(0..<120), keyframes: [0])
        #expect(throws: SegmentPlan.Unsuited.self) { try plan(none, count: 3) }
        let late = entries(Array(0..<120), keyframes: [30, 60])
        #expect(throws: SegmentPlan.Unsuited.self) { try plan(late, count: 3) }
        #expect(throws: SegmentPlan.Unsuited.self) { try plan([], count: 3) }
        // A picture that is stored far behind the keyframe before which it is shown.
        var places = Array(0..<59) + Array(60..<160)
        places.append(59)
        let far = entries(places, keyframes: [0, 60])
        #expect(throws: SegmentPlan.Unsuited.self) { try plan(far, count: 2) }
    }

    @Test("Which requests are made in ranges without being asked depends on workers and length")
    func automatic() {
        #expect(SegmentRules.automatic(seconds: 600, workers: 2) == 1)
        #expect(SegmentRules.automatic(seconds: 600, workers: 16) == 48)
        #expect(SegmentRules.automatic(seconds: 180, workers: 16) == 15)
        #expect(SegmentRules.automatic(seconds: 60, workers: 16) == 1)
        #expect(SegmentRules.automatic(seconds: nil, workers: 16) == 1)
        #expect(SegmentRules.usual(seconds: 60) == 5)
        #expect(SegmentRules.usual(seconds: 30) == 1)
    }

    @Test("A range is encoded beside its decoding where a core would be idle until the end")
    func overlaps() {
        func overlapping(_ cores: Int, _ workers: Int, of count: Int) -> [Int] {
            (0..<count).filter {
                SegmentRules.overlaps(cores: cores, workers: workers, following: count - $0 - 1)
            }
        }
        #expect(overlapping(2, 2, of: 5) == [3, 4])
        #expect(overlapping(1, 1, of: 5) == [])
        #expect(overlapping(4, 4, of: 8) == [4, 5, 6, 7])
        // Memory was there for few workers only, or there are few ranges.
        #expect(overlapping(8, 4, of: 5) == [0, 1, 2, 3, 4])
        #expect(overlapping(8, 3, of: 3) == [0, 1, 2])
    }

    @Test("No more ranges are made at once than memory is there for")
    func boundsWorkers() {
        func workers(_ cores: Int, _ input: Size) -> Int {
            SegmentRules.workers(cores: cores, input: input, output: Size(1280, 720), memory: 2 << 30)
        }
        #expect(workers(2, Size(1920, 1080)) == 2)
        #expect(workers(64, Size(1920, 1080)) == 8)
        #expect(workers(64, Size(3840, 2160)) == 4)
        #expect(workers(64, Size(30_000, 30_000)) == 1)
        #expect(workers(4, Size(0, 0)) == 4)
    }
}

@Suite("JoinedTimes")
struct JoinedTimesTests {
    @Test("The dts of a range goes on where that of the range before ended")
    func joins() {
        var times = JoinedTimes()
        // Two pictures late, as with B-frames that are referred to.
        let first = times.next([(0, -20), (30, -10), (10, 0), (20, 10)])
        let second = times.next([(40, 20), (70, 30), (50, 40), (60, 50)])
        #expect(first + second == [-20, -10, 0, 10, 20, 30, 40, 50])
    }

    @Test("Times that vary join without going back, and never pass the pts")
    func varies() {
        var times = JoinedTimes()
        let pts: [[Int64]] = [[0, 33, 20], [90, 140, 95], [150, 171, 160]]
        let dts = pts.flatMap { range in times.next(range.enumerated().map { ($1, $1 - ($0 == 0 ? 20 : 13)) })
        }
        #expect(zip(dts, dts.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(dts, pts.flatMap { $0 }).allSatisfy { $0 <= $1 })
    }
}

@Suite("RateBudget")
struct RateBudgetTests {
    @Test("Ranges that are harder begin at a coarser quality, within bounds")
    func begins() {
        let qualities = [0.001, 0.5, 1, 2, 1_000].map { need in
            RateBudget.quality([.init(seconds: 10, need: need * 1e6)], average: 1_000_000)
        }
        #expect(qualities == qualities.sorted())
        let expected = [18, 20.8, 22.3, 23.8, 28]
        #expect(zip(qualities, expected).allSatisfy { abs($0 - $1) < 0.001 }, "\(qualities)")
    }

    @Test("Longer ranges count for more, and those of which nothing is known not at all")
    func weighs() {
        let looks = [(30.0, 4.0), (10, 0), (10, 0.5)].map { RateBudget.Look(seconds: $0.0, need: $0.1 * 1e6) }
        let expected = 22.3 + 1.5 * log2((30 * 4 + 10 * 0.5) / 40)
        #expect(abs(RateBudget.quality(looks, average: 1_000_000) - expected) < 0.001)
        #expect(RateBudget.quality([], average: 500) == 22.3)
        #expect(RateBudget.quality(looks, average: 0) == 22.3)
    }
}
