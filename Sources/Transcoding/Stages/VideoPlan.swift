internal import FFmpeg

/// How one input's pictures become a rendition's, fixed by the first of them.
struct VideoPlan: Sendable {
    let size: Size
    let color: ColorTags
    let frameRate: Rational
    let timebase: Timebase

    init(first frame: Frame, stream: FFmpeg.Stream, preset: Preset.Video, clock: FrameRateConverter) {
        let aspect =
            frame.sampleAspectRatio.isPositive ? frame.sampleAspectRatio : stream.sampleAspectRatio
        let display = Sizing.display(frame.size, aspect: aspect, turned: stream.orientation.swapsAxes)
        size = Sizing.shrinkToFit(display, limit: preset.boundingSize)
        color = VideoPlan.outputColor(VideoPlan.inputColor(frame, stream))
        frameRate = clock.frameRate
        timebase = clock.timebase
    }

    /// What the picture says, else what the container says, else what its size suggests.
    static func inputColor(_ frame: Frame, _ stream: FFmpeg.Stream) -> ColorTags {
        let guess: ColorTags = max(frame.size.width, frame.size.height) >= 1280 ? .bt709 : .bt601
        func known(_ first: Int, _ second: Int, _ otherwise: Int) -> Int {
            if first != ColorTags.unspecified, first > 0 { return first }
            return second != ColorTags.unspecified && second > 0 ? second : otherwise
        }
        let said = frame.color
        return ColorTags(
            primaries: known(said.primaries, stream.color.primaries, guess.primaries),
            transfer: known(said.transfer, stream.color.transfer, guess.transfer),
            matrix: known(said.matrix, stream.color.matrix, guess.matrix),
            isFullRange: said.isFullRange || stream.color.isFullRange
        )
    }

    /// BT.601 and BT.709 stay what they are, everything else becomes BT.709, always in limited range.
    static func outputColor(_ input: ColorTags) -> ColorTags {
        guard [5, 6].contains(input.matrix), !input.isHDR else { return .bt709 }
        return ColorTags(primaries: input.primaries, transfer: 6, matrix: 6, isFullRange: false)
    }
}
