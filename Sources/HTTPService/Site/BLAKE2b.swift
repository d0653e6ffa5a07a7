package import Foundation

/// The hash function BLAKE2b without a key (RFC 7693), by which the site names videos.
package enum BLAKE2b {
    private static let blockSize = 128

    /// A digest of 1...64 bytes.
    package static func hash(_ data: some DataProtocol, byteCount: Int) -> Data {
        precondition(1...64 ~= byteCount, "a BLAKE2b digest has 1 to 64 bytes")
        let bytes = [UInt8](data)
        var state = initial
        // The parameter block: digest length, no key, fanout 1, depth 1.
        state[0] ^= 0x0101_0000 ^ UInt64(byteCount)
        var start = 0
        while bytes.count - start > blockSize {
            compress(&state, bytes[start..<start + blockSize], end: start + blockSize, isLast: false)
            start += blockSize
        }
        compress(&state, bytes[start...], end: bytes.count, isLast: true)
        return Data(state.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
            .prefix(byteCount)
    }

    /// Takes up to 128 bytes, the last of which is the `end`-th of all.
    private static func compress(
        _ state: inout [UInt64],
        _ block: ArraySlice<UInt8>,
        end: Int,
        isLast: Bool
    ) {
        var words = [UInt64](repeating: 0, count: 16)
        for (index, byte) in block.enumerated() { words[index / 8] |= UInt64(byte) << (index % 8 * 8) }
        var work = state + initial
        work[12] ^= UInt64(end)
        if isLast { work[14] = ~work[14] }
        for round in 0..<12 {
            let order = schedule[round % 10]
            for step in 0..<8 {
                let lane = step % 4
                let turn = step / 4
                mix(
                    &work,
                    lane,
                    4 + (lane + turn) % 4,
                    8 + (lane + 2 * turn) % 4,
                    12 + (lane + 3 * turn) % 4,
                    words[order[2 * step]],
                    words[order[2 * step + 1]]
                )
            }
        }
        for index in 0..<8 { state[index] ^= work[index] ^ work[index + 8] }
    }

    /// The function G of RFC 7693 §3.1.
    private static func mix(
        _ work: inout [UInt64],
        _ a: Int,
        _ b: Int,
        _ c: Int,
        _ d: Int,
        _ first: UInt64,
        _ second: UInt64
    ) {
        for (word, turns) in [(first, (32, 24)), (second, (16, 63))] {
            work[a] = work[a] &+ work[b] &+ word
            work[d] = rotated(work[d] ^ work[a], turns.0)
            work[c] = work[c] &+ work[d]
            work[b] = rotated(work[b] ^ work[c], turns.1)
        }
    }

    private static func rotated(_ word: UInt64, _ count: Int) -> UInt64 {
        word >> count | word << (64 - count)
    }

    /// The fractional parts of the square roots of the first eight primes.
    private static let initial: [UInt64] = [
        0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
    ]

    /// The order in which each round takes the words of a block (RFC 7693 §2.7).
    private static let schedule: [[Int]] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ]
}
