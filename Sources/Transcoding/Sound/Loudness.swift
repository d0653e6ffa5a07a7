internal import Foundation

/// How loud sound is and is to be, as pure rules.
enum Loudness {
    /// The largest true peak that a limiter lets through: -2 dB, because encoding may add up to 1 dB.
    static let ceiling: Float = 0.7943
    /// Blocks of less do not count, in LUFS.
    static let absoluteGate = -70.0
    /// The most by which sound is made louder, 30 dB; what is quieter yet is mostly noise.
    static let maxGain = 31.6
    /// LU by which the result may miss its aim before it is measured again.
    static let tolerance = 0.1

    /// LUFS of a mean square.
    static func level(_ meanSquare: Double) -> Double {
        meanSquare > 0 ? -0.691 + 10 * log10(meanSquare) : -.infinity
    }

    /// The integrated loudness of blocks over the absolute gate: those within 10 LU of their mean count.
    static func integrated(_ blocks: [Double]) -> Double? {
        guard !blocks.isEmpty else { return nil }
        let gate = level(blocks.reduce(0, +) / Double(blocks.count)) - 10
        let loud = blocks.filter { level($0) > gate }
        return loud.isEmpty ? nil : level(loud.reduce(0, +) / Double(loud.count))
    }

    /// The gain that would bring `measured` to `target`, both in LUFS, if nothing is limited.
    static func gain(from measured: Double, to target: Double, after gain: Double = 1) -> Double {
        min(gain * pow(10, (target - measured) / 20), maxGain)
    }
}
