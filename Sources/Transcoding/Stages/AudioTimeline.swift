/// Where a block of sound belongs on the output's clock, as a pure rule.
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

    /// Smaller differences are jitter of the container's clock.
    static let tolerance = 0.020
    /// Seconds of input already placed.
    private(set) var position = 0.0

    /// Places a block that starts at `start` and lasts `duration` seconds; `nil` follows on.
    mutating func place(start: Double?, duration: Double) -> Placement {
        let difference = (start ?? position) - position
        // The very first block is placed exactly: codec delay is only a few milliseconds.
        let tolerance = position == 0 ? 0.0005 : AudioTimeline.tolerance
        if difference > tolerance {
            position += difference + duration
            return .silence(difference)
        }
        guard difference < -tolerance else {
            position += duration
            return .append
        }
        guard -difference < duration else { return .drop }
        position += duration + difference
        return .trim(-difference)
    }
}
