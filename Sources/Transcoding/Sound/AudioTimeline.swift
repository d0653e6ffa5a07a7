/// Where a block of sound belongs on the output's clock, as a pure rule.
///
/// Blocks that come a little early or late follow on. Where that adds up, as when the clock of a sound card is
/// not that of the pictures, the sound is made a little longer or shorter, which nobody hears; only what is far
/// off its place is cut or filled with silence.
struct AudioTimeline {
    /// What to do before a block is appended.
    enum Placement: Equatable {
        case append
        /// Seconds of silence come first.
        case silence(Double)
        /// Seconds at the block's start are left out.
        case trim(Double)
        /// The block lies wholly before what is written.
        case drop
    }

    /// Seconds off its place at which sound is cut or filled: as much as sound and picture may differ.
    static let tolerance = 0.040
    /// Seconds off its place, on average, at which sound begins to be stretched.
    static let slack = 0.008
    /// The most by which sound is stretched: a twelfth of a semitone.
    static let maxStretch = 0.005
    /// Seconds over which the difference is averaged, and in which stretching would make up for it.
    private static let averaging = 2.0
    private static let correcting = 4.0

    /// Seconds of sound already placed; what really was may be put here.
    var position = 0.0
    /// By how much the next blocks are to be made longer; 0.001 makes 1000 samples 1001.
    private(set) var stretch = 0.0
    private var isFirst = true
    /// Whether nothing has been placed.
    var isAtStart: Bool { isFirst }
    private var average = 0.0
    private var isCorrecting = false

    /// Places a block that starts at `start` and lasts `duration` seconds; `nil` follows on.
    mutating func place(start: Double?, duration: Double) -> Placement {
        guard let start else {
            position += duration
            return .append
        }
        let difference = start - position
        // The very first block is placed exactly: codec delay is only a few milliseconds.
        let tolerance = isFirst ? 0.0005 : AudioTimeline.tolerance
        if difference > tolerance {
            jump()
            position += difference + duration
            return .silence(difference)
        }
        guard difference < -tolerance else {
            isFirst = false
            correct(difference, over: duration)
            position += duration * (1 + stretch)
            return .append
        }
        guard -difference < duration else { return .drop }
        jump()
        position += duration + difference
        return .trim(-difference)
    }

    /// What was off its place is not any more.
    private mutating func jump() {
        isFirst = false
        average = 0
        if !isCorrecting { stretch = 0 }
    }

    private mutating func correct(_ difference: Double, over duration: Double) {
        average += (difference - average) * min(1, duration / AudioTimeline.averaging)
        if !isCorrecting {
            guard abs(average) > AudioTimeline.slack else { return }
            isCorrecting = true
        }
        let wanted = average / AudioTimeline.correcting
        stretch = min(max(wanted, -AudioTimeline.maxStretch), AudioTimeline.maxStretch)
    }
}
