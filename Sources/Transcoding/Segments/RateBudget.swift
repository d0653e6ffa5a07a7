internal import Foundation

/// How a preset's average rate is shared out between the ranges, as a pure rule.
///
/// At one quality throughout, ranges take what they need: those that are hard to compress get more, so that
/// their pictures are no worse than the others'. What a range needs is told by some of its pictures, encoded
/// quickly at one quality.
enum RateBudget {
    /// What is known of one range.
    struct Look: Equatable, Sendable {
        /// Seconds it lasts.
        let seconds: Double
        /// Bits a second it takes at the quality of the quick look.
        let need: Double
    }

    /// The need counts with this power.
    ///
    /// x264 itself evens out some of the difference as it goes along, and a short look errs: three ranges of a
    /// phone clip lost 0.5 of VMAF with 0.7, and 0.2 with 0.3.
    static let exponent = 0.25
    /// How far a range's rate may be from the average.
    static let bounds = 0.25...3.0

    /// The ranges' rates in bits a second, which together come to the average of `rate`.
    static func rates(_ looks: [Look], average rate: Int) -> [Int] {
        let total = looks.reduce(0) { $0 + $1.seconds }
        let needs = looks.reduce(0) { $0 + $1.seconds * $1.need }
        guard total > 0, needs > 0 else { return looks.map { _ in rate } }
        let mean = needs / total
        var shares = looks.map { look in
            guard look.need > 0 else { return bounds.lowerBound }
            let share = pow(look.need / mean, exponent)
            return min(max(share, bounds.lowerBound), bounds.upperBound)
        }
        // What the bounds and the power took or gave is shared out again.
        let sum = zip(looks, shares).reduce(0) { $0 + $1.0.seconds * $1.1 } / total
        shares = shares.map { $0 / sum }
        return shares.map { Int((Double(rate) * $0).rounded()) }
    }
}
