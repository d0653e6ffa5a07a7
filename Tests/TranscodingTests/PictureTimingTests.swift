import FFmpeg
import Testing

@testable import Transcoding

@Suite("PictureTiming")
struct PictureTimingTests {
    @Test(
        "An automatic rate is the input's, or the highest supported one that divides it",
        arguments: [
            (Rational(50, 1), Rational(30, 1), Rational(25, 1)),
            (Rational(60, 1), Rational(30, 1), Rational(30, 1)),
            (Rational(60_000, 1001), Rational(30, 1), Rational(30_000, 1001)),
            (Rational(24_000, 1001), Rational(30, 1), Rational(24_000, 1001)),
            (Rational(48, 1), Rational(30, 1), Rational(24, 1)),
            (Rational(75, 1), Rational(30, 1), Rational(25, 1)),
            (Rational(120, 1), Rational(60, 1), Rational(60, 1)),
            (Rational(60, 1), Rational(60, 1), Rational(60, 1)),
            (Rational(12, 1), Rational(30, 1), Rational(12, 1)),
            (Rational(40, 1), Rational(30, 1), Rational(20, 1)),
            (Rational(30_000, 1001), Rational(15, 1), Rational(30_000, 2002)),
        ]
    )
    func automatic(input: Rational, max: Rational, expected: Rational) {
        #expect(abs(FrameRates.automatic(input, max: max).value - expected.value) < 1e-6)
    }

    /// The slots of pictures at the given rate, under a constant rate of `rate`.
    private func slots(_ input: Rational, count: Int, rate: Rational) -> [Int64] {
        var timing = PictureTiming(average: input, base: input, rate: .fixed(rate), isConstant: true)
        let scale = Double(timing.clock.timebase.denominator)
        return (0..<count).compactMap { number in
            timing.clock.place(Int64((Double(number) / input.value * scale).rounded())).map(timing.slot)
        }
    }

    @Test("A constant rate counts pictures, one a tick")
    func constant() {
        let timing = PictureTiming(
            average: Rational(25, 1),
            base: Rational(25, 1),
            rate: .fixed(Rational(30_000, 1001)),
            isConstant: true
        )
        #expect(timing.timebase == Rational(1001, 30_000))
        #expect(timing.frameRate == Rational(30_000, 1001))
        #expect(slots(Rational(60, 1), count: 8, rate: Rational(30, 1)) == [0, 1, 2, 3])
        #expect(slots(Rational(25, 1), count: 6, rate: Rational(30, 1)) == [0, 1, 2, 4, 5, 6])
        #expect(slots(Rational(10, 1), count: 3, rate: Rational(30, 1)) == [0, 3, 6])
    }

    @Test("A bounded rate keeps the input's times")
    func bounded() {
        let timing = PictureTiming(
            average: Rational(25, 1),
            base: Rational(25, 1),
            rate: .auto(max: Rational(60, 1)),
            isConstant: false
        )
        #expect(timing.frameRate == Rational(25, 1))
        #expect(!timing.isConstant && timing.fieldRate == nil)
    }

    @Test("An interlaced output has two fields a picture and takes as many pictures")
    func interlaced() {
        let timing = PictureTiming(
            average: Rational(50, 1),
            base: Rational(50, 1),
            rate: .fixed(Rational(25, 1)),
            isConstant: false,
            isInterlaced: true
        )
        #expect(timing.fieldRate == Rational(50, 1))
        #expect(timing.frameRate == Rational(25, 1))
        #expect(timing.clock.frameRate == Rational(50, 1))
    }

    @Test("Pictures of a 3:2 pulldown are evenly spaced, whichever comes first", arguments: [0, 1])
    func telecine(phase: Int) {
        var telecine = Telecine()
        var ticks: Int64 = 0
        var placed: [Int64] = []
        for number in 0..<20 {
            let repeated = (number + phase) % 2
            let duration: Int64 = repeated == 1 ? 4505 : 3003
            placed.append(telecine.place(ticks: ticks, duration: duration, repeatedFields: repeated))
            ticks += duration
        }
        let steps = zip(placed, placed.dropFirst()).map { $1 - $0 }.dropFirst(2)
        #expect(steps.allSatisfy { abs($0 - 3754) <= 2 }, "\(placed)")
    }

    @Test("Pictures without repeated fields, and interlaced ones, keep their times")
    func noTelecine() {
        var telecine = Telecine()
        #expect(telecine.place(ticks: 0, duration: 4505, repeatedFields: 1) == 0)
        #expect(telecine.place(ticks: 4505, duration: 3003, repeatedFields: nil) == 4505)
        #expect(telecine.place(ticks: 7508, duration: 3003, repeatedFields: 0) == 7508)
    }
}
