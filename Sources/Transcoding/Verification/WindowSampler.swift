internal import FFmpeg

/// Some pictures that follow each other closely, and the packets from which all of them can be decoded.
struct SampleWindow: Sendable {
    /// What the packets are of.
    let track: Muxer.Track
    /// Seconds from the output's zero to the first picture.
    let seconds: Double
    /// What was given to the encoder, by pts in ticks of the track's timebase.
    var pictures: [Int64: Frame] = [:]
    /// From a keyframe on, in decoding order.
    var packets: [Packet] = []
}

/// Picks windows of pictures on their way to the encoder, and collects what the encoder made of them.
///
/// It never asks for a keyframe, so that the output is the same as without it. It opens a window where the
/// encoder has to put a keyframe unless it puts one earlier; then the packets from that one on are taken.
/// The windows lie 3 seconds apart at first and 30 in the end.
struct WindowSampler {
    /// Pictures of a window.
    static let count = 6
    /// Pictures from one of them to the next, so that they are of all types, and not all near a keyframe.
    static let step = 3
    /// The same for the first window: until it has seen a second, the encoder is looking for its quality.
    static let firstStep = 6
    /// The most packets for a window; one that takes more would cost too much to decode.
    static let maxPackets = 64

    private let track: Muxer.Track
    private let keyframeDistance: Int
    private var window: SampleWindow?
    /// Pictures are counted from 0.
    private var windowStart = 0
    /// The pts of those pictures whose packets have yet to come.
    private var missing: Set<Int64> = []
    private var pictureCount = 0
    private var packetCount = 0
    private var lastKeyframe = 0
    private var nextSeconds = 0.0

    /// Takes the most pictures from one keyframe to the next.
    init(_ track: Muxer.Track, keyframeDistance: Int) {
        self.track = track
        self.keyframeDistance = max(1, keyframeDistance)
    }

    /// Takes a picture that is about to be encoded.
    mutating func take(_ frame: Frame, pts: Int64) {
        let index = pictureCount
        pictureCount += 1
        if window == nil, (index - lastKeyframe) % keyframeDistance == 0 { open(index, pts) }
        let step = windowStart == 0 ? WindowSampler.firstStep : WindowSampler.step
        guard let count = window?.pictures.count, count < WindowSampler.count,
            (index - windowStart) % step == 0
        else { return }
        window?.pictures[pts] = frame
        missing.insert(pts)
    }

    private mutating func open(_ index: Int, _ pts: Int64) {
        let seconds = Timestamp(ticks: pts, timebase: track.timebase).seconds
        // Ticks are rounded.
        guard seconds > nextSeconds - 0.1 else { return }
        nextSeconds = seconds + min(30, max(3, seconds))
        window = SampleWindow(track: track, seconds: seconds)
        windowStart = index
        missing = []
    }

    /// Takes a packet from the encoder, and returns the window that it completes.
    mutating func take(_ packet: Packet) -> SampleWindow? {
        let index = packetCount
        packetCount += 1
        // No picture refers, or is shown, across a keyframe, so that as many were decoded as shown before.
        if packet.isKeyframe { lastKeyframe = index }
        guard window != nil else { return nil }
        if packet.isKeyframe, index <= windowStart { window?.packets = [] }
        if packet.isKeyframe || window?.packets.isEmpty == false { window?.packets.append(packet) }
        if let pts = packet.pts { missing.remove(pts) }
        if let given = window, given.packets.count > WindowSampler.maxPackets {
            nextSeconds = given.seconds
            window = nil
            return nil
        }
        guard missing.isEmpty, window?.pictures.count == WindowSampler.count else { return nil }
        return finish()
    }

    /// Returns the window that the end of the pictures cut short.
    mutating func finish() -> SampleWindow? {
        guard let window, !window.packets.isEmpty else { return nil }
        self.window = nil
        return window
    }
}
