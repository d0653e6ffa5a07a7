import FFmpeg
import Testing

@testable import Transcoding

@Suite("FrameRateConverter")
struct FrameRateConverterTests {
    /// Places pictures at the given seconds and returns the seconds of those that stay.
    private func place(
        _ seconds: [Double],
        rate: Rational,
        base: Rational = Rational(0, 0),
        cap: Rational = Rational(30, 1)
    ) -> [Double] {
        var converter = FrameRateConverter(average: rate, base: base, cap: cap)
        let scale = Double(converter.timebase.denominator)
        return seconds.compactMap { converter.place(Int64(($0 * scale).rounded())) }.map {
            Double($0) / scale
        }
    }

    @Test(
        "A rate over the cap is divided evenly, a lower one kept",
        arguments: [
            (Rational(60, 1), Rational(30, 1)), (Rational(60_000, 1001), Rational(30_000, 1001)),
            (Rational(50, 1), Rational(25, 1)), (Rational(120, 1), Rational(30, 1)),
            (Rational(24, 1), Rational(24, 1)), (Rational(30_000, 1001), Rational(30_000, 1001)),
            (Rational(40, 1), Rational(30, 1)), (Rational(48, 1), Rational(24, 1)),
            (Rational(6006, 100), Rational(30, 1)), (Rational(3003, 100), Rational(30, 1)),
        ]
    )
    func target(input: Rational, output: Rational) {
        let converter = FrameRateConverter(average: input, base: input, cap: Rational(30, 1))
        #expect(abs(converter.frameRate.value - output.value) < 0.0001)
    }

    @Test("Every second picture of 60 fps stays, evenly spaced")
    func halves() {
        let kept = place((0..<120).map { Double($0) / 60 }, rate: Rational(60, 1))
        #expect(kept.count == 60)
        #expect(zip(kept, kept.dropFirst()).allSatisfy { abs($1 - $0 - 1.0 / 30) < 0.0001 })
    }

    @Test("Milliseconds of a browser's clock snap back to the steady rate")
    func snaps() {
        let rounded = (0..<90).map { (Double($0) / 30 * 1000).rounded() / 1000 }
        let kept = place(rounded, rate: Rational(30, 1))
        #expect(kept.count == 90)
        #expect(zip(kept, kept.dropFirst()).allSatisfy { abs($1 - $0 - 1.0 / 30) < 0.00001 })
    }

    @Test("A varying rate keeps its times within 2 ms")
    func keepsVariableTimes() {
        let times = [0, 0.033, 0.1, 0.18, 0.25, 0.7, 0.733]
        let kept = place(times, rate: Rational(25, 1))
        #expect(kept.count == times.count)
        #expect(zip(kept, times).allSatisfy { abs($0 - $1) <= 0.0021 })
    }

    @Test(
        "Pictures left out of a steady rate make no other picture go",
        arguments: [Rational(30_000, 1001), Rational(0, 0), Rational(120, 1)]
    )
    func keepsWhatIsSlowEnough(base: Rational) {
        let numbers = (0..<180).filter { number in number % 9 != 4 && number % 31 > 3 }
        let period: Double = 1001 / 30_000
        let times: [Double] = numbers.map { number in Double(number) * period }
        let kept = place(times, rate: Rational(1_520_000, 59_059), base: base)
        #expect(kept.count == times.count)
        #expect(zip(kept, times).allSatisfy { abs($0 - $1) <= 0.0021 })
    }

    @Test("A burst over the cap is thinned to it, and what follows is not")
    func thinsBursts() {
        let calm = (0..<60).map { Double($0) / 12 }
        let burst = (0..<120).map { 5 + Double($0) / 60 }
        let kept = place(calm + burst, rate: Rational(2571, 100))
        #expect(kept.filter { $0 < 4.99 }.count == 60)
        #expect((59...62).contains(kept.filter { $0 >= 4.99 }.count))
    }

    @Test("A rate just over the cap never exceeds it in the long run")
    func holdsTheCap() {
        let kept = place((0..<4000).map { Double($0) / 40 }, rate: Rational(40, 1))
        #expect(abs(kept.count - 3000) <= 2)
    }

    @Test("Times that run backwards or repeat are dropped")
    func dropsBackwards() {
        let kept = place([0, 0.033, 0.033, 0.01, 0.066], rate: Rational(30, 1))
        #expect(kept.count == 3)
        #expect(zip(kept, kept.dropFirst()).allSatisfy { $0 < $1 })
    }
}
