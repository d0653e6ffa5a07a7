import FFmpeg
import Foundation
import Testing

@testable import Transcoding

@Suite("Loudness")
struct LoudnessTests {
    /// What the meter finds of a sine in every channel of a layout.
    private func measured(
        _ layout: ChannelLayout,
        rate: Int,
        level: Double,
        frequency: Double = 997
    ) throws -> LoudnessMeter {
        let format = AudioFormat(sampleRate: rate, layout: layout)
        let meter = LoudnessMeter()
        meter.begin(format)
        var time = 0
        for _ in 0..<20 {
            let block = try Frame.silence(format, count: meter.samplesPerBlock)
            block.modifySamples { planes in
                for plane in planes {
                    for index in plane.indices {
                        let phase = 2 * Double.pi * frequency * Double(time + index) / Double(rate)
                        plane[index] = Float(level * sin(phase))
                    }
                }
            }
            meter.take(block)
            time += block.sampleCount
        }
        return meter
    }

    @Test(
        "A sine of 997 Hz at full scale in one channel is -3.01 LUFS (BS.1770-4), at any rate",
        arguments: [16_000, 44_100, 48_000, 96_000]
    )
    func measuresSine(rate: Int) throws {
        let mono = try measured(.standard(1), rate: rate, level: 1)
        #expect(abs(try #require(mono.integrated) - -3.01) < 0.05)
        #expect(abs(mono.truePeak - 1) < 0.03)
        let stereo = try measured(.standard(2), rate: rate, level: 0.1)
        #expect(abs(try #require(stereo.integrated) - -20) < 0.05)
    }

    @Test("Surrounds count 1.5 dB more, and low frequencies not at all")
    func weighsChannels() throws {
        let loud = try #require(try measured(.standard(6), rate: 48_000, level: 0.1).integrated)
        // Three channels at 1 and two at 1.41.
        #expect(abs(loud - (-23.01 + 10 * log10(3 + 2 * 1.41))) < 0.05, "\(loud)")
    }

    @Test("Silence has no loudness, and quiet parts do not count")
    func gates() throws {
        #expect(try measured(.standard(2), rate: 48_000, level: 0).integrated == nil)
        #expect(try measured(.standard(2), rate: 48_000, level: 0.0002).integrated == nil)
        let energy = pow(10, (-20 + 0.691) / 10)
        let found = Loudness.integrated(
            Array(repeating: energy, count: 50) + Array(repeating: energy / 1000, count: 50)
        )
        #expect(abs(try #require(found) - -20) < 0.01)
    }

    @Test("The gain is what is missing, and has an end")
    func findsGain() {
        #expect(abs(Loudness.gain(from: -26, to: -16) - pow(10, 0.5)) < 1e-9)
        #expect(abs(Loudness.gain(from: -17, to: -16, after: 2) - 2 * pow(10, 0.05)) < 1e-9)
        #expect(Loudness.gain(from: -65, to: -10) == Loudness.maxGain)
    }
}
