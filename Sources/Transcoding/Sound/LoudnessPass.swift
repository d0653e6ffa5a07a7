internal import FFmpeg

/// Finds the gain that brings the sound of a request's inputs to a loudness.
///
/// All of the sound is decoded and measured before anything is made, once where peaks have room, and again with the
/// limiter at work where they have not, because what it takes away is missing in the loudness.
struct LoudnessPass {
    let opening: InputSequence.Opening
    let survey: InputSurvey
    let preset: Preset.Audio
    let failure: FirstFailure

    /// Times that the sound is measured at most.
    private static let mostPasses = 4

    init(
        _ opening: InputSequence.Opening,
        _ survey: InputSurvey,
        preset: Preset.Audio,
        failure: FirstFailure
    ) {
        var wish = opening.wish
        wish.hasVideo = false
        wish.allowsSilence = true
        self.opening = InputSequence.Opening(
            clips: opening.clips,
            spans: opening.spans,
            wish: wish,
            limits: opening.limits,
            isHashed: false,
            attend: opening.attend
        )
        self.survey = survey
        self.preset = preset
        self.failure = failure
    }

    /// What every sample is to be multiplied by; 1 for silence.
    func gain(to target: Double, watch: @escaping (_ seconds: Double, _ waited: Double) throws -> Void) throws
        -> Float
    {
        var gain = 1.0
        for pass in 0..<LoudnessPass.mostPasses where !failure.hasFailed {
            let meter = try measure(Float(gain), watch)
            guard let measured = meter.integrated else { return Float(gain) }
            let next = Loudness.gain(from: measured, to: target, after: gain)
            // Below the ceiling before and after, nothing is limited, and loudness follows the gain exactly.
            let peak = meter.truePeak * max(1, next / gain)
            let isExact = pass == 0 && peak < Double(Loudness.ceiling)
            if isExact || abs(measured - target) < Loudness.tolerance { return Float(isExact ? next : gain) }
            gain = next
        }
        return Float(gain)
    }

    private func measure(
        _ gain: Float,
        _ watch: @escaping (_ seconds: Double, _ waited: Double) throws -> Void
    ) throws -> LoudnessMeter {
        let meter = LoudnessMeter()
        let audio = AudioStage(preset: preset, gain: gain) { encoding in
            meter.begin(encoding.format)
            return (meter, encoding.format.with(.floatPlanar))
        }
        let sequence = InputSequence(
            opening,
            survey,
            video: nil,
            audio: SoundPath([audio], failure: failure),
            failure: failure,
            allowsDamage: true,
            watch: watch
        )
        try sequence.run(opening.reader(0))
        return meter
    }
}
