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

    /// Seconds for which the common quality counts as having come to the rate, at the beginning and at the end of
    /// a range: what is known by then says more.
    static let trust = 0.5...10.0
    /// Seconds of the rate within which too many or too few bits are made good: a keyframe takes the bits of
    /// several pictures.
    static let room = 3.2
    /// The same at the end of a range, where bits are left over, and where too many were spent: its last pictures
    /// are not to look unlike those before.
    static let leastRoom = (left: 0.3, overspent: 1.0)
    /// By how much the bits may be cut down to make good; where below 1, raised.
    static let excessBounds = 0.72...1.3
    /// Seconds back to which the latest pictures count most.
    static let memory = 0.35
    /// Seconds before the end of a range from which what follows will rather be like its latest pictures than like
    /// all of them.
    static let outlook = 1.2
    /// How many times the bits of all the latest ones may need, or the other way round.
    static let mostChange = 2.5
    /// At the lower end nothing is left to be seen; at the upper one x264 ends.
    static let bounds = 8.0...51.0

    private let target: Target
    /// Seconds that the range lasts.
    private let length: Double
    private var bits = 0.0
    /// What the pictures would have taken at the common quality.
    private var evenBits = 0.0
    /// The same of the latest ones, and the seconds they take.
    private var latest: (evenBits: Double, seconds: Double)
    private var start: Double?
    private var passed = 0.0
    /// The quality the encoder has been told, and the one it is to have.
    private var told: Double
    private(set) var quality: Double

    init(_ target: Target, length: Double) {
        self.target = target
        self.length = length
        latest = (RateSteering.memory * Double(target.bitsPerSecond), RateSteering.memory)
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
        let step = max(seconds - begun - passed, 0)
        passed += step
        let taken = Double(byteCount) * 8
        bits += taken
        let even = taken * exp2((told - target.quality) / 6)
        evenBits += even
        let kept = exp(-step / RateSteering.memory)
        latest = (latest.evenBits * kept + even, latest.seconds * kept + step)
        let wanted = target.quality + 6 * log2(need(rate) * excess(rate))
        quality = min(max(wanted, RateSteering.bounds.lowerBound), RateSteering.bounds.upperBound)
    }

    private var left: Double { max(length - passed, 0) }

    /// What the pictures to come will take at the common quality, in parts of the rate.
    private func need(_ rate: Double) -> Double {
        let share = length > 0 ? left / length : 0
        let trusted = max(RateSteering.trust.upperBound * share * share, RateSteering.trust.lowerBound)
        let usual = (evenBits + trusted * rate) / ((passed + trusted) * rate)
        let most = RateSteering.mostChange
        let change = min(max(latest.evenBits / (latest.seconds * rate * usual), 1 / most), most)
        return usual * pow(change, RateSteering.outlook / (RateSteering.outlook + left))
    }

    /// By how much the bits are to be cut down for what was spent too much; below 1 where some are left over.
    private func excess(_ rate: Double) -> Double {
        let surplus = bits / rate - passed
        let least = surplus < 0 ? RateSteering.leastRoom.left : RateSteering.leastRoom.overspent
        // Long ranges have time to make good for more.
        let room = RateSteering.room * max(1, (passed / 16).squareRoot())
        let wanted = 1 + surplus / min(room, max(left + abs(surplus), least))
        return min(max(wanted, RateSteering.excessBounds.lowerBound), RateSteering.excessBounds.upperBound)
    }
}
