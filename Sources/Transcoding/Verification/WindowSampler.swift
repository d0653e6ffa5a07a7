internal import FFmpeg

/// Picks windows of pictures on their way to the encoder, to be compared with what becomes of them.
///
/// It never asks for a keyframe, so that the output is the same as without it. It opens a window where the
/// encoder has to put a keyframe unless it puts one earlier, so that a decoder can begin there. The windows
/// lie 3 seconds apart at first and 30 in the end.
struct WindowSampler {
    /// A picture that is to be compared.
    struct Sample: Equatable {
        /// Seconds from the output's zero to the first picture of its window.
        let seconds: Double
        /// Whether its window has no further one.
        let isLast: Bool
    }

    /// Pictures of a window.
    static let count = 6
    /// Pictures from one of them to the next, so that they are of all types, and not all near a keyframe.
    static let step = 3
    /// The same for the first window: until it has seen a second, the encoder is looking for its quality.
    static let firstStep = 6

    private let timebase: Timebase
    private let keyframeDistance: Int
    /// The window that is open: its first picture, counted from 0, when that is shown, and how many it has.
    private var window: (start: Int, seconds: Double, count: Int)?
    private var pictureCount = 0
    private var packetCount = 0
    private var lastKeyframe = 0
    private var nextSeconds = 0.0

    /// Takes the most pictures from one keyframe to the next.
    init(timebase: Timebase, keyframeDistance: Int) {
        self.timebase = timebase
        self.keyframeDistance = max(1, keyframeDistance)
    }

    /// Says whether a picture that is about to be encoded is one of a window's.
    ///
    /// No window is opened while there is no room for its pictures.
    mutating func take(pts: Int64, hasRoom: Bool) -> Sample? {
        let index = pictureCount
        pictureCount += 1
        if window == nil, hasRoom, (index - lastKeyframe) % keyframeDistance == 0 { open(index, pts) }
        guard var window else { return nil }
        let step = window.start == 0 ? WindowSampler.firstStep : WindowSampler.step
        guard (index - window.start) % step == 0 else { return nil }
        window.count += 1
        let isLast = window.count == WindowSampler.count
        self.window = isLast ? nil : window
        return Sample(seconds: window.seconds, isLast: isLast)
    }

    private mutating func open(_ index: Int, _ pts: Int64) {
        let seconds = Timestamp(ticks: pts, timebase: timebase).seconds
        // Ticks are rounded.
        guard seconds > nextSeconds - 0.1 else { return }
        nextSeconds = seconds + min(30, max(3, seconds))
        window = (index, seconds, 0)
    }

    /// Takes note of a packet from the encoder.
    mutating func take(isKeyframe: Bool) {
        // No picture refers, or is shown, across a keyframe, so that as many were decoded as shown before.
        if isKeyframe { lastKeyframe = packetCount }
        packetCount += 1
    }
}
