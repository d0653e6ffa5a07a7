internal import FFmpeg
internal import Foundation
internal import Synchronization

/// Measures the integrated loudness of sound (ITU-R BS.1770-4, EBU R 128) and its largest true peak.
final class LoudnessMeter: SoundConsumer, Sendable {
    private struct State {
        var channels: [Channel] = []
        /// Energy of the parts of 100 ms that make up the block of 400 ms which is measured next.
        var parts: [Double] = []
        /// Mean squares of the blocks over the absolute gate, three quarters of each shared with the next.
        var blocks: [Double] = []
        var peak: Float = 0
    }

    /// One channel's filters and weight.
    fileprivate struct Channel {
        var shelf: Biquad
        var highPass: Biquad
        var peaks = TruePeakMeter()
        let weight: Double
    }

    private let state = Lock(State())
    private let blockLength = Atomic<Int>(4800)
    /// 100 ms.
    var samplesPerBlock: Int { blockLength.load(ordering: .relaxed) }

    /// Makes ready for sound of a format, which the blocks have in planar floats.
    func begin(_ format: AudioFormat) {
        blockLength.store(max(1, format.sampleRate / 10), ordering: .relaxed)
        let rate = Double(format.sampleRate)
        state.withLock { state in
            state.channels = format.layout.channels.map { channel in
                Channel(shelf: .shelf(rate), highPass: .highPass(rate), weight: LoudnessMeter.weight(channel))
            }
        }
    }

    /// The low frequency channels do not count, those at the sides and in the back 1.5 dB more (table 3).
    private static func weight(_ channel: FFmpeg.Channel?) -> Double {
        switch channel {
        case .lowFrequency, .lowFrequency2: 0
        case .sideLeft, .sideRight, .backLeft, .backRight: 1.41
        default: 1
        }
    }

    func take(_ block: Frame) {
        state.withLock { state in
            var energy = 0.0
            block.modifySamples { planes in
                for (index, plane) in planes.enumerated() where index < state.channels.count {
                    energy += state.channels[index].measure(plane, &state.peak)
                }
            }
            state.parts.append(energy / Double(max(block.sampleCount, 1)))
            guard state.parts.count >= 4 else { return }
            let mean = state.parts.suffix(4).reduce(0, +) / 4
            state.parts = state.parts.suffix(3)
            if Loudness.level(mean) > Loudness.absoluteGate { state.blocks.append(mean) }
        }
    }

    func finish() {}

    /// In LUFS; `nil` for silence and for what is shorter than 400 ms.
    var integrated: Double? { state.withLock { Loudness.integrated($0.blocks) } }

    /// 1 is full scale.
    var truePeak: Double { state.withLock { Double($0.peak) } }
}

extension LoudnessMeter.Channel {
    /// The weighted energy of some samples.
    fileprivate mutating func measure(_ samples: UnsafeMutableBufferPointer<Float>, _ peak: inout Float)
        -> Double
    {
        var energy = 0.0
        for sample in samples {
            peak = max(peak, peaks.peak(sample))
            let value = highPass.filter(shelf.filter(Double(sample)))
            energy += value * value
        }
        return energy * weight
    }
}

/// A filter of the second order.
struct Biquad {
    private let b: (Double, Double, Double)
    private let a: (Double, Double)
    private var held = (0.0, 0.0)

    /// The first stage of K-weighting at a sample rate: a head's shelf of +4 dB.
    ///
    /// BS.1770 gives coefficients for 48 kHz; these are the analogue filters that they come from.
    static func shelf(_ rate: Double) -> Biquad {
        let k = tan(Double.pi * 1681.974450955533 / rate)
        let q = 0.7071752369554196
        let high = pow(10, 3.999843853973347 / 20)
        let band = pow(high, 0.4996667741545416)
        let a0 = 1 + k / q + k * k
        return Biquad(
            b: (
                (high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0,
                (high - band * k / q + k * k) / a0
            ),
            a: (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)
        )
    }

    /// The second stage: what is low is heard less.
    static func highPass(_ rate: Double) -> Biquad {
        let k = tan(Double.pi * 38.13547087602444 / rate)
        let q = 0.5003270373238773
        let a0 = 1 + k / q + k * k
        return Biquad(b: (1, -2, 1), a: (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0))
    }

    private init(b: (Double, Double, Double), a: (Double, Double)) {
        self.b = b
        self.a = a
    }

    mutating func filter(_ input: Double) -> Double {
        let output = b.0 * input + held.0
        held.0 = b.1 * input - a.0 * output + held.1
        held.1 = b.2 * input - a.1 * output
        return output
    }
}
