internal import Foundation

/// Steers the quality at which a range is encoded towards its rate, as a pure rule.
///
/// x264's own control of an average begins each range at a quality it guesses, which cost the first seconds of a
/// hard one 7 of VMAF, and finds out from few pictures what they need. Here a range begins at the quality that
/// all ranges have in common, and departs from it as far as what came before says that its rate needs it.
struct RateSteering: Sendable {
    /// What a range aims at.
    struct Target: Sendable, Equatable {
        var bitsPerSecond: Int
        /// A constant rate factor of x264: at 6 more, pictures take about half the bits.
        var quality: Double
    }

    /// Seconds for which the common quality counts as having come to the rate.
    static let trust = 6.0
    /// Seconds of the rate that are too many or too few when twice or half as much is spent: a keyframe takes
    /// the bits of several pictures.
    static let room = 3.2
    /// The same where less of the range is left, and bits are left over: its last pictures are not to look unlike
    /// those before.
    static let leastRoom = 2.0
    /// At the lower end nothing is left to be seen; at the upper one x264 ends.
    static let bounds = 8.0...51.0

    private let target: Target
    /// Seconds that the range lasts.
    private let length: Double
    private var bits = 0.0
    /// What the pictures would have taken at the common quality.
    private var evenBits = 0.0
    private var start: Double?
    /// The quality the encoder has been told, and the one it is to have.
    private var told: Double
    private(set) var quality: Double

    init(_ target: Target, length: Double) {
        self.target = target
        self.length = length
        quality = min(max(target.quality, RateSteering.bounds.lowerBound), RateSteering.bounds.upperBound)
        told = quality
    }

    /// What the encoder is to be told before its next picture; `nil` for nothing new.
    mutating func change() -> Double? {
        guard quality != told else { return nil }
        told = quality
        return quality
    }

    /// Counts a packet, in decoding order, whose dts is `seconds`.
    mutating func take(byteCount: Int, at seconds: Double) {
        let rate = Double(max(target.bitsPerSecond, 1))
        let begun = start ?? seconds
        start = begun
        let passed = max(seconds - begun, 0)
        let taken = Double(byteCount) * 8
        bits += taken
        evenBits += taken * exp2((told - target.quality) / 6)
        let trusted = RateSteering.trust
        let learned = (evenBits + trusted * rate) / ((passed + trusted) * rate)
        // Long ranges have time to make good for more.
        var room = RateSteering.room * max(1, (passed / 16).squareRoot())
        let surplus = bits / rate - passed
        // What is missing was spent where it was needed.
        if surplus < 0 { room = min(room, max(length - passed - surplus, RateSteering.leastRoom)) }
        let excess = min(max(1 + surplus / room, 0.5), 2)
        let wanted = target.quality + 6 * log2(learned * excess)
        quality = min(max(wanted, RateSteering.bounds.lowerBound), RateSteering.bounds.upperBound)
    }
}
