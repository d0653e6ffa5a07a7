internal import FFmpeg

/// Decides which pictures stay and when they are shown, as a pure rule.
///
/// A rate at or under the cap is kept. A higher steady rate is divided evenly (60 → 30, 50 → 25) where
/// that keeps at least three quarters of the cap; otherwise pictures are dropped so that the cap holds.
/// Pictures of a varying rate are dropped only where they follow each other faster than the cap.
/// A pts within 2 ms of the steady grid snaps to it, which undoes the rounding of coarse timebases.
struct FrameRateConverter {
    /// Ticks of the output.
    let timebase: Timebase
    /// The steady rate; what the encoder is told.
    let frameRate: Rational
    private let period: Int64
    /// Ticks from one picture's turn to the next one's.
    private let turn: Int64
    private let tolerance: Int64
    private let slack: Int64
    private var nextAllowed: Int64?
    private var last: Int64?

    /// Takes the average rate, pictures over duration as far as the container says, and the `base` rate of
    /// the grid on which all pictures lie, where it could be found.
    init(average: Rational, base: Rational, cap: Rational) {
        let stated = FrameRateConverter.stated(average: average, base: base, cap: cap)
        frameRate = FrameRateConverter.target(stated, cap)
        // A whole number of ticks for each frame, and ticks of at most 1/10,000 s.
        let multiple = max(1, Int32((10_000 / Double(frameRate.numerator)).rounded(.up)))
        timebase = Timebase(1, frameRate.numerator &* multiple)
        period = Int64(frameRate.denominator) * Int64(multiple)
        tolerance = Int64(Double(timebase.denominator) * 0.002)
        let isDivided = stated.value > cap.value * 1.002
        turn = isDivided ? period : Int64((Double(timebase.denominator) / cap.value).rounded(.down))
        slack = turn * 2 / 5
    }

    /// The rate that an input's pictures have, as far as its container tells.
    static func stated(average: Rational, base: Rational, cap: Rational) -> Rational {
        let stated = average.isPositive && average.value >= 1 && average.value <= 1000 ? average : cap
        // Pictures left out of a steady rate lower its average; the rest still lie on its grid.
        let isBase = base.isPositive && base.value > stated.value && base.value <= cap.value * 1.002
        return isBase ? base : stated
    }

    private static func target(_ rate: Rational, _ cap: Rational) -> Rational {
        guard rate.value > cap.value * 1.002 else { return rate.value > cap.value ? cap : simplified(rate) }
        let divisor = (rate.value / (cap.value * 1.002)).rounded(.up)
        guard rate.value / divisor >= cap.value * 0.75 else { return cap }
        let even = simplified(rate)
        let (denominator, overflow) = even.denominator.multipliedReportingOverflow(by: Int32(divisor))
        let divided = Rational(even.numerator, denominator)
        return overflow || divided.value > cap.value ? cap : divided
    }

    /// A standard rate within 0.04 % instead of an average such as 359100/11983.
    static func simplified(_ rate: Rational) -> Rational {
        let standard = [
            (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (48, 1), (50, 1), (60_000, 1001),
            (60, 1),
        ]
        let nearest = standard.map { Rational(Int32($0.0), Int32($0.1)) }
            .min { abs($0.value - rate.value) < abs($1.value - rate.value) }
        if let nearest, abs(nearest.value / rate.value - 1) < 0.0004 { return nearest }
        if rate.numerator <= 1_000_000 { return rate }
        return Rational(Int32((rate.value * 1000).rounded()), 1000)
    }

    /// The output pts of a picture at `ticks` (of `timebase`), or `nil` to drop it.
    mutating func place(_ ticks: Int64) -> Int64? {
        if let last, ticks <= last - tolerance { return nil }
        if let nextAllowed, ticks < nextAllowed &- slack { return nil }
        var placed = ticks
        if let last {
            let steps = Int64((Double(ticks &- last) / Double(period)).rounded())
            let grid = last &+ steps &* period
            if steps >= 1, abs(grid &- ticks) <= tolerance { placed = grid }
            guard placed > last else { return nil }
        }
        // A picture a little late keeps its turn, so that the cap is also reached; a gap starts afresh.
        let due = nextAllowed ?? placed
        nextAllowed = (placed > due &+ turn ? placed : due) &+ turn
        last = placed
        return placed
    }
}
