internal import FFmpeg
internal import Foundation

/// What the containers of a request's inputs say, before anything is decoded.
struct InputSurvey {
    /// Seconds of the output; `nil` where an input does not say how long it is.
    private(set) var duration: Double? = 0
    /// The same, at least as long as the pictures.
    private(set) var longestDuration: Double? = 0
    /// What the first sound is made of; `nil` where no input has any that is wanted.
    private(set) var soundFormat: AudioFormat?

    mutating func add(_ plan: InputPlan, _ span: ClipSpan) {
        let longest =
            plan.statedVideoDuration.map { max($0, plan.statedDuration ?? 0) } ?? plan.statedDuration
        func sum(_ total: Double?, _ stated: Double?) -> Double? {
            guard let total, let length = span.length(of: stated) else { return nil }
            return total + length
        }
        duration = sum(duration, plan.statedDuration)
        longestDuration = sum(longestDuration, longest)
        guard soundFormat == nil, let audio = plan.audio else { return }
        soundFormat = AudioFormat(
            sampleRate: audio.sampleRate > 0 ? audio.sampleRate : 48_000,
            channelCount: audio.channelCount > 0 ? audio.channelCount : 2
        )
    }
}

extension TranscodeRequest {
    /// The parts of the inputs, checked.
    ///
    /// - Throws: `input.too-short` for a part that lasts no time.
    func spans() throws(TranscodingError) -> [ClipSpan] {
        var spans: [ClipSpan] = []
        for clip in clips {
            let start = clip.start.isFinite ? max(0, clip.start) : 0
            if let duration = clip.duration, !(duration > 0 && duration < 1e9) {
                throw TranscodingError(.inputTooShort, "nothing of \(clip.input.name) is wanted")
            }
            spans.append(ClipSpan(start: start, end: clip.duration.map { start + $0 }))
        }
        return spans
    }
}
