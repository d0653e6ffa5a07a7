import Foundation
import Testing

@testable import Transcoding

@Suite("RateSteering")
struct RateSteeringTests {
    /// Encodes pictures that take `cost` bits at quality 24 and half of it at 6 more, 30 a second.
    private func encode(_ costs: [Double], _ target: RateSteering.Target, length: Double? = nil) -> (
        rate: Double, qualities: [Double]
    ) {
        var steering = RateSteering(target, length: length ?? Double(costs.count) / 30)
        var quality = steering.quality
        var bits = 0.0
        var qualities: [Double] = []
        for (index, cost) in costs.enumerated() {
            if let changed = steering.change() { quality = changed }
            qualities.append(quality)
            let byteCount = Int((cost * exp2((24 - quality) / 6) / 8).rounded())
            bits += Double(byteCount) * 8
            steering.take(byteCount: byteCount, at: Double(index) / 30)
        }
        return (bits / Double(costs.count) * 30, qualities)
    }

    @Test("Pictures that suit their rate keep the quality they begin at")
    func keeps() {
        let (rate, qualities) = encode(
            Array(repeating: 2_000_000 / 30, count: 360),
            .init(bitsPerSecond: 2_000_000, quality: 24)
        )
        #expect(abs(rate - 2_000_000) < 20_000)
        #expect(qualities.allSatisfy { abs($0 - 24) < 0.3 })
    }

    @Test("Of a quality that was guessed wrong, a thirtieth is left in 12 s", arguments: [18.0, 21, 27, 30])
    func learns(quality: Double) {
        let costs = Array(repeating: 2_000_000.0 / 30, count: 360)
        let (rate, qualities) = encode(costs, .init(bitsPerSecond: 2_000_000, quality: quality))
        #expect(abs(log2(rate / 2_000_000)) < abs(quality - 24) / 6 / 30, "\(rate)")
        #expect(qualities[120..<270].allSatisfy { abs($0 - 24) < 1.5 }, "\(qualities[120..<270])")
    }

    @Test("A keyframe that takes the bits of ten pictures changes the quality by little")
    func forgivesKeyframes() {
        var costs = Array(repeating: 2_000_000.0 / 30, count: 360)
        costs[0] *= 10
        let (_, qualities) = encode(costs, .init(bitsPerSecond: 2_000_000, quality: 24))
        #expect(qualities.allSatisfy { $0 < 26 })
    }

    @Test("The rate is kept where the end is easier or harder than what came before", arguments: [0.7, 1.4])
    func minds(end: Double) {
        let costs = (0..<300).map { 2_000_000.0 / 30 * ($0 < 180 ? 1.05 : end) }
        let target = RateSteering.Target(bitsPerSecond: 2_000_000, quality: 24)
        let (known, qualities) = encode(costs, target)
        let (unknown, _) = encode(costs, target, length: 1000)
        #expect(abs(known / 2_000_000 - 1) < 0.015, "\(known)")
        #expect(abs(unknown / 2_000_000 - 1) > 0.04, "\(unknown)")
        #expect(qualities.allSatisfy { $0 > 18 && $0 < 28.5 }, "\(qualities)")
    }

    @Test("Nothing that is too easy or too hard leaves what an encoder takes")
    func staysInBounds() {
        for cost in [0.0, 1, 1e12] {
            let (_, qualities) = encode(
                Array(repeating: cost, count: 300),
                .init(bitsPerSecond: 1_000, quality: 80)
            )
            #expect(qualities.allSatisfy(RateSteering.bounds.contains))
        }
        var steering = RateSteering(.init(bitsPerSecond: 0, quality: 0), length: 0)
        steering.take(byteCount: .max, at: 1e300)
        steering.take(byteCount: 0, at: -1e300)
        #expect(RateSteering.bounds.contains(steering.quality))
    }
}
