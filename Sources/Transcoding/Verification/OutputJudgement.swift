internal import FFmpeg
internal import Foundation

/// Holds what was decoded of an output against what was meant, as a pure rule.
struct OutputJudgement {
    /// Pictures that were encoded; `nil` without pictures.
    let frameCount: Int?
    let hasAudio: Bool
    /// Seconds from the first picture's start to the last one's, as they were encoded.
    let pictureSpan: Double?
    /// Seconds of pictures and of sound that were decoded of the input; `nil` where it does not matter.
    let inputPictureEnd: Double?
    let inputSoundEnd: Double?
    /// Seconds that the input's last picture is taken to last, which may be far from true.
    var inputPeriod = 0.0

    /// Seconds by which a span may be off: containers count in thousandths, or, as GIF does, in hundredths.
    static let clockTolerance = 0.021
    /// Seconds between the starts of pictures and sound; MP3 and AAC begin up to 50 ms early.
    static let offsetTolerance = 0.06
    /// Seconds by which the output may be longer or shorter than what was decoded of the input, besides a
    /// picture's or a block's own length.
    static let lengthTolerance = 0.05

    /// Seconds of sound that may be missing between its first and last sample: less than a block of AAC.
    static let gapTolerance = 0.015

    /// - Throws: `output.rejected`.
    func check(_ streams: [MediaExamination.StreamFinding]) throws(TranscodingError) {
        let video = streams.first { $0.kind == "video" }
        let audio = streams.first { $0.kind == "audio" }
        guard (video != nil) == (frameCount != nil), (audio != nil) == hasAudio else {
            throw OutputJudgement.rejection("the output has the wrong streams")
        }
        for stream in streams { try OutputJudgement.check(stream) }
        if let video { try check(pictures: video) }
        if let audio { try check(sound: audio) }
        if let picture = video?.firstSeconds, let sound = audio?.firstSeconds {
            guard abs(sound - picture) <= OutputJudgement.offsetTolerance else {
                throw OutputJudgement.rejection(
                    "the output's sound begins \(OutputJudgement.text(sound - picture)) s after its pictures"
                )
            }
        }
    }

    private static func check(_ stream: MediaExamination.StreamFinding) throws(TranscodingError) {
        let what = stream.kind == "video" ? "pictures" : "sound"
        guard stream.frameCount > 0 else {
            throw rejection("nothing of the output's \(what) can be decoded")
        }
        let bad = stream.errorCount + stream.flaggedCount + stream.lostCount
        guard bad == 0 else {
            throw rejection("of the output's \(what) \(bad) of \(stream.packetCount) packets are damaged")
        }
        guard stream.backwardCount == 0 else {
            throw rejection("the clock of the output's \(what) runs backwards \(stream.backwardCount) times")
        }
        guard stream.sizeChangeCount == 0 else { throw rejection("the output's pictures change their size") }
    }

    private func check(pictures: MediaExamination.StreamFinding) throws(TranscodingError) {
        guard pictures.frameCount == frameCount else {
            throw OutputJudgement.rejection(
                "the output holds \(pictures.frameCount) of \(frameCount ?? 0) pictures"
            )
        }
        if let pictureSpan, let first = pictures.firstSeconds, let last = pictures.lastSeconds {
            guard abs(last - first - pictureSpan) <= OutputJudgement.clockTolerance else {
                throw OutputJudgement.rejection(
                    "the output's pictures span \(OutputJudgement.text(last - first)) s "
                        + "instead of \(OutputJudgement.text(pictureSpan))"
                )
            }
        }
        let period = pictures.frameCount > 1 ? pictures.duration / Double(pictures.frameCount) : 1
        try check(length: pictures, of: "pictures", inputPictureEnd, slack: max(2 * period, inputPeriod, 0.1))
    }

    private func check(sound: MediaExamination.StreamFinding) throws(TranscodingError) {
        let samples = Double(sound.sampleCount) / Double(max(sound.sampleRate, 1))
        guard abs(samples - sound.duration) <= OutputJudgement.gapTolerance else {
            throw OutputJudgement.rejection(
                "the output's sound has gaps of \(OutputJudgement.text(sound.duration - samples)) s"
            )
        }
        // A codec's last block, and what it needs to begin, are sound that nobody recorded.
        try check(length: sound, of: "sound", inputSoundEnd, slack: 0.15)
    }

    private func check(
        length stream: MediaExamination.StreamFinding,
        of what: String,
        _ expected: Double?,
        slack: Double
    ) throws(TranscodingError) {
        guard let expected else { return }
        guard abs(stream.duration - expected) <= OutputJudgement.lengthTolerance + slack else {
            throw OutputJudgement.rejection(
                "the output has \(OutputJudgement.text(stream.duration)) s of \(what) and the input "
                    + OutputJudgement.text(expected)
            )
        }
    }

    private static func rejection(_ message: String) -> TranscodingError {
        TranscodingError(.outputRejected, message)
    }

    private static func text(_ seconds: Double) -> String { String(format: "%.3f", seconds) }
}
