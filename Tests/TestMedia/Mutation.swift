package import Foundation

/// One way of damaging a file, drawn from a seed.
package struct Mutation: Sendable, CustomStringConvertible {
    package enum Kind: String, CaseIterable, Sendable {
        /// 1 to 100 bytes get other values.
        case bytes
        /// 1 to 4 bits turn round.
        case bits
        /// The end is missing.
        case cut
        /// A range is zero.
        case zeros
        /// A range is there twice.
        case doubled
        /// Two ranges change places.
        case swapped
    }

    package let seed: UInt64
    package let kind: Kind

    package init(seed: UInt64) {
        self.seed = seed
        kind = Kind.allCases[Int(seed % UInt64(Kind.allCases.count))]
    }

    package var description: String { "seed \(seed), \(kind.rawValue)" }

    /// The bytes with the damage done to them.
    package func apply(to original: Data) -> Data {
        var random = SeededGenerator(seed: seed)
        var bytes = [UInt8](original)
        let count = bytes.count
        let length = Int.random(in: 16...max(17, min(2048, count / 8)), using: &random)
        switch kind {
        case .bytes:
            for _ in 0..<Int.random(in: 1...100, using: &random) {
                bytes[Int.random(in: 0..<count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        case .bits:
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<count, using: &random)] ^= 1 << Int.random(in: 0..<8, using: &random)
            }
        case .cut: bytes.removeLast(count - Int.random(in: count / 10..<count, using: &random))
        case .zeros:
            let start = Int.random(in: 0..<count - length, using: &random)
            for index in start..<start + length { bytes[index] = 0 }
        case .doubled:
            let start = Int.random(in: 0..<count - length, using: &random)
            bytes.insert(contentsOf: Array(bytes[start..<start + length]), at: start)
        case .swapped:
            let start = Int.random(in: 0..<count - 2 * length, using: &random)
            for index in start..<start + length { bytes.swapAt(index, index + length) }
        }
        return Data(bytes)
    }
}

/// SplitMix64: numbers that a seed repeats on every machine.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
