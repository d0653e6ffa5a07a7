import FFmpeg
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "Converting rounds to the nearest tick, ties away from zero",
        arguments: [(3003, 33), (3600, 40), (-90, -1), (45, 1), (-45, -1), (44, 0)] as [(Int64, Int64)]
    )
    func rounds(ticks: Int64, milliseconds: Int64) {
        let timestamp = Timestamp(ticks: ticks, timebase: Timebase(1, 90_000))
        #expect(timestamp.converted(to: Timebase(1, 1_000)).ticks == milliseconds)
    }

    @Test(
        "What does not fit is clamped, never wrapped",
        arguments: [
            (Int64.max, Int64.max), (Int64.min + 1, Int64.min), (Int64.max / 2, Int64.max),
        ]
    )
    func clamps(ticks: Int64, expected: Int64) {
        let timestamp = Timestamp(ticks: ticks, timebase: Timebase(1, 1))
        #expect(timestamp.converted(to: Timebase(1, 1_000_000)).ticks == expected)
    }

    @Test("The longest ticks there are convert to the shortest")
    func extremes() {
        let most = Timebase(Int32.max, 1)
        let least = Timebase(1, Int32.max)
        #expect(Timestamp(ticks: 1, timebase: most).converted(to: least).ticks == 4_611_686_014_132_420_609)
        #expect(Timestamp(ticks: 3, timebase: most).converted(to: least).ticks == .max)
        #expect(Timestamp(ticks: .max, timebase: least).converted(to: most).ticks == 2)
    }

    @Test(
        "A timebase that is no fraction gives 0",
        arguments: [
            Timebase(0, 0), Timebase(1, 0), Timebase(0, 1), Timebase(-1, 25), Timebase(1, -25),
        ]
    )
    func refuses(timebase: Timebase) {
        #expect(Timestamp(ticks: 7, timebase: timebase).converted(to: Timebase(1, 1000)).ticks == 0)
        #expect(Timestamp(ticks: 7, timebase: Timebase(1, 1000)).converted(to: timebase).ticks == 0)
        #expect(!timebase.isPositive)
        #expect(timebase.value.isFinite)
    }

    @Test("Seconds of the greatest numbers are finite")
    func finite() {
        #expect(Timestamp(ticks: .max, timebase: Timebase(Int32.max, 1)).seconds.isFinite)
        #expect(Timestamp(ticks: .min, timebase: Timebase(Int32.max, 1)).seconds.isFinite)
    }
}
