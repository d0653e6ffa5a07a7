internal import Foundation

/// How an average rate is kept in ranges that are encoded side by side, as a pure rule.
///
/// Each range has the same rate. Giving hard ones more, by what the input spent on them, cost a mix of clips 0.1
/// of VMAF with a power of 0.3 and 0.3 with 0.5: easy pictures gain most by more bits.
enum RateBudget {
    /// What is known of one range.
    struct Look: Equatable, Sendable {
        /// Seconds it lasts.
        let seconds: Double
        /// Bits a second that some of its pictures took, encoded quickly at one quality; 0 where none were.
        let need: Double
    }

    /// The constant rate factor of x264 at which all ranges begin, for an average of `rate` bits a second.
    ///
    /// A guess, which `RateSteering` mends: the quick look tells half of what it seems to.
    static func quality(_ looks: [Look], average rate: Int) -> Double {
        let known = looks.filter { $0.need > 0 }
        let seconds = known.reduce(0) { $0 + $1.seconds }
        guard seconds > 0, rate > 0 else { return usual }
        let need = known.reduce(0) { $0 + $1.seconds * $1.need } / seconds
        return min(max(usual + 3 * log2(need / Double(rate)), bounds.lowerBound), bounds.upperBound)
    }

    /// The quality where the quick look took just the rate.
    static let usual = 23.0
    /// The qualities at which ranges begin, whatever was seen.
    static let bounds = 16.0...34.0
}
