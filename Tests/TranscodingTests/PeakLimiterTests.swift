import Foundation
import Testing

@testable import Transcoding

@Suite("PeakLimiter")
struct PeakLimiterTests {
    private static let rate = 48_000

    /// What a limiter makes of one channel, without its delay.
    private func limited(_ input: [Float], ceiling: Float = 0.8, gain: Float = 1) -> [Float] {
        var limiter = PeakLimiter(channelCount: 1, sampleRate: Self.rate, ceiling: ceiling)
        var output: [Float] = []
        let padded = input + [Float](repeating: 0, count: limiter.delay)
        // In blocks of odd lengths.
        var start = 0
        while start < padded.count {
            var block = Array(padded[start..<min(start + 777, padded.count)])
            block.withUnsafeMutableBufferPointer { limiter.process([$0], gain: gain) }
            output += block
            start += 777
        }
        return Array(output.dropFirst(limiter.delay))
    }

    private func sine(_ frequency: Double, level: Float, seconds: Double = 0.5, phase: Double = 0) -> [Float]
    {
        (0..<Int(seconds * Double(Self.rate))).map { index in
            level * Float(sin(2 * Double.pi * frequency * Double(index) / Double(Self.rate) + phase))
        }
    }

    @Test("What stays under the ceiling comes out as it went in")
    func leavesQuiet() {
        let input = sine(997, level: 0.7)
        #expect(limited(input) == input)
        #expect(limited(input, gain: 0.5) == input.map { $0 * 0.5 })
    }

    @Test("No sample exceeds the ceiling, whatever comes", arguments: [1.0, 2.4, 20])
    func holdsCeiling(level: Float) {
        var generator = SystemRandomNumberGenerator()
        var input = sine(50, level: level) + sine(5000, level: level)
        input += (0..<20_000).map { _ in Float.random(in: -level...level, using: &generator) }
        input[100] = level * 3
        #expect(limited(input).allSatisfy { abs($0) <= 0.8001 })
    }

    @Test("A sine whose peaks lie between the samples is held as well")
    func findsTruePeaks() {
        // At a quarter of the rate, half a sample off: every sample is 3 dB under the peak.
        let input = sine(Double(Self.rate) / 4, level: 1, phase: .pi / 4)
        let output = limited(input)
        let settled = output[5_000..<20_000]
        let largest = settled.map(abs).max() ?? 0
        #expect(largest * Float(2).squareRoot() < 0.82, "\(largest)")
        #expect(largest > 0.5)
    }

    @Test("After a peak the gain comes back, and never jumps")
    func isSmooth() {
        var input = [Float](repeating: 0.5, count: Self.rate)
        input[10_000] = 4
        let output = limited(input)
        let steps = zip(output, output.dropFirst()).enumerated()
            .filter { !(9_995...10_005).contains($0.offset) }
            .map { abs($0.element.0 - $0.element.1) }
        #expect((steps.max() ?? 1) < 0.01)
        #expect((output.last ?? 0) > 0.499)
    }
}
