internal import FFmpeg

/// At which times a rendition has pictures, as the preset asks and the input allows.
///
/// Pictures keep their times, as long as they are not more than the preset allows. Where the preset wants a
/// constant rate, each moment of its grid has a picture: some are dropped and some repeated.
struct PictureTiming {
    /// Of the pictures that come out; what the encoder is told.
    let frameRate: Rational
    /// Ticks of the pictures that come out; a constant rate has one tick a picture.
    let timebase: Timebase
    let isConstant: Bool
    /// Ticks of the clock for which an input's picture is shown, a second's at most.
    let inputTicks: Int64
    /// Fields a second of an interlaced output.
    let fieldRate: Rational?
    /// Decides which pictures of the input stay; its ticks are not those of `timebase` at a constant rate.
    var clock: FrameRateConverter

    init(stream: FFmpeg.Stream, preset: Preset.Video, isExact: Bool) {
        self.init(
            average: stream.averageFrameRate,
            base: stream.baseFrameRate,
            rate: preset.frameRate,
            isConstant: isExact || preset.codec == .mpeg2,
            isInterlaced: preset.isInterlaced
        )
    }

    init(
        average: Rational,
        base: Rational,
        rate: Preset.FrameRate,
        isConstant: Bool,
        isInterlaced: Bool = false
    ) {
        self.isConstant = isConstant || isInterlaced
        var cap: Rational
        switch rate {
        case .fixed(let fixed): cap = fixed
        case .auto(let max):
            let stated = FrameRateConverter.stated(average: average, base: base, cap: max)
            cap = FrameRates.automatic(stated, max: max)
            if !self.isConstant, cap.value <= stated.value, stated.value <= max.value { cap = max }
        }
        let (fields, overflow) = cap.numerator.multipliedReportingOverflow(by: 2)
        fieldRate = isInterlaced && !overflow ? Rational(fields, cap.denominator) : nil
        clock = FrameRateConverter(average: average, base: base, cap: fieldRate ?? cap)
        inputTicks = Int64(1 / Swift.max(average.value, 1) / clock.timebase.value)
        frameRate = self.isConstant ? cap : clock.frameRate
        timebase = self.isConstant ? cap.inverse : clock.timebase
    }

    /// The moment of the constant rate that is nearest to `ticks` of the clock.
    func slot(_ ticks: Int64) -> Int64 {
        Timestamp(ticks: ticks, timebase: clock.timebase).converted(to: timebase).ticks
    }
}

/// The frame rates that Elastic Transcoder knows, where a preset leaves the choice to it.
enum FrameRates {
    static let supported = [
        Rational(10, 1), Rational(15, 1), Rational(24_000, 1001), Rational(24, 1), Rational(25, 1),
        Rational(30_000, 1001), Rational(30, 1), Rational(50, 1), Rational(60, 1),
    ]

    /// The rate for an input of rate `input`: its own, or the highest one under `max` that divides it evenly.
    ///
    /// Where that would halve the rate more than once, as with 40 under 30, the input's rate is divided by
    /// the least number that brings it under `max`.
    static func automatic(_ input: Rational, max: Rational) -> Rational {
        let tolerance = 1.002
        guard input.value > max.value * tolerance else {
            return input.value > max.value ? max : FrameRateConverter.simplified(input)
        }
        let even = supported.last { rate in
            let ratio = input.value / rate.value
            return rate.value <= max.value && abs(ratio - ratio.rounded()) < ratio * 0.0005
        }
        if let even, even.value >= max.value / 2 { return even }
        let whole = FrameRateConverter.simplified(input)
        let divisor = (whole.value / (max.value * tolerance)).rounded(.up)
        let (denominator, overflow) = whole.denominator.multipliedReportingOverflow(by: Int32(divisor))
        return overflow ? max : Rational(whole.numerator, denominator)
    }
}
