internal import CFFmpeg

/// Seconds per tick, or a rate per second, as an exact fraction.
public struct Rational: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Above the line.
    public let numerator: Int32
    /// Below the line; 0 in values that containers leave unset.
    public let denominator: Int32

    /// Makes the fraction as given; nothing is cancelled.
    public init(_ numerator: Int32, _ denominator: Int32) {
        self.numerator = numerator
        self.denominator = denominator
    }

    init(_ value: AVRational) { self.init(value.num, value.den) }
    var av: AVRational { AVRational(num: numerator, den: denominator) }

    /// Whether both parts are above 0.
    public var isPositive: Bool { numerator > 0 && denominator > 0 }
    /// The fraction as a number; 0 when the denominator is 0.
    public var value: Double { denominator == 0 ? 0 : Double(numerator) / Double(denominator) }
    /// The fraction turned upside down.
    public var inverse: Rational { Rational(denominator, numerator) }
    /// `numerator/denominator`.
    public var description: String { "\(numerator)/\(denominator)" }
}

/// The length of one tick in seconds.
public typealias Timebase = Rational

/// A point in time: ticks never travel without their timebase.
public struct Timestamp: Sendable, Hashable {
    /// Units of `timebase`.
    public let ticks: Int64
    /// Seconds a tick.
    public let timebase: Timebase

    /// Makes a time of `ticks` units of `timebase`.
    public init(ticks: Int64, timebase: Timebase) {
        self.ticks = ticks
        self.timebase = timebase
    }

    /// The time in seconds, as exact as a Double is.
    public var seconds: Double { Double(ticks) * timebase.value }

    /// The same moment in another timebase, rounded to the nearest tick, ties away from zero.
    ///
    /// What does not fit is clamped to the ends of `Int64`.
    public func converted(to timebase: Timebase) -> Timestamp {
        guard self.timebase.isPositive, timebase.isPositive else {
            return Timestamp(ticks: 0, timebase: timebase)
        }
        let ticks = av_rescale_q(ticks, self.timebase.av, timebase.av)
        guard ticks == Int64.min else { return Timestamp(ticks: ticks, timebase: timebase) }
        return Timestamp(ticks: self.ticks < 0 ? .min : .max, timebase: timebase)
    }
}

extension Int64 {
    /// The pts as libav spells it, or `nil` when there is none.
    var asPTS: Int64? { self == recast_no_pts ? nil : self }
}
