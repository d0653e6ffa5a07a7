/// Keeps sound under a ceiling by turning it down in time, smoothly, before a peak comes.
///
/// The peak is the true peak of ITU-R BS.1770-4, annex 2: the largest of the samples and of three points between
/// each two. The gain falls over `lookahead` samples and comes back within about 100 ms. Output is input, later
/// by `delay` samples.
struct PeakLimiter {
    /// Samples by which the output is late.
    let delay: Int
    private let channelCount: Int
    private let ceiling: Float
    private let lookahead: Int
    private let release: Float
    /// The last `delay` samples of each channel, in turn.
    private var held: [Float]
    private var cursor = 0
    private var interpolators: [TruePeakMeter]
    /// The lowest gain needed within the lookahead: a queue of falling gains and when they are needed.
    private var needed: [(index: Int, gain: Float)] = []
    private var neededHead = 0
    private var envelope: Float = 1
    private var window: [Float]
    private var windowSum: Double
    private var index = 0

    /// Lets no true peak over `ceiling` through, 1 being full scale.
    init(channelCount: Int, sampleRate: Int, ceiling: Float) {
        self.channelCount = channelCount
        self.ceiling = ceiling
        lookahead = max(16, sampleRate / 200)
        delay = lookahead + TruePeakMeter.delay
        release = 1 / (0.1 * Float(sampleRate))
        held = [Float](repeating: 0, count: delay * channelCount)
        interpolators = Array(repeating: TruePeakMeter(loud: ceiling), count: channelCount)
        window = [Float](repeating: 1, count: lookahead)
        windowSum = Double(lookahead)
    }

    /// Turns `planes` into what went in `delay` samples before, under the ceiling; multiplied by `gain`.
    mutating func process(_ planes: [UnsafeMutableBufferPointer<Float>], gain: Float) {
        guard let count = planes.first?.count, planes.count == channelCount else { return }
        for sample in 0..<count {
            var peak: Float = 0
            for channel in 0..<channelCount {
                peak = max(peak, interpolators[channel].peak(planes[channel][sample] * gain))
            }
            let factor = nextFactor(peak)
            for channel in 0..<channelCount {
                let place = cursor * channelCount + channel
                let late = held[place]
                held[place] = planes[channel][sample] * gain
                planes[channel][sample] = late * factor
            }
            cursor = cursor + 1 == delay ? 0 : cursor + 1
        }
    }

    /// The gain of the sample that is output now, after `peak` was seen at the newest.
    private mutating func nextFactor(_ peak: Float) -> Float {
        let gain = peak > ceiling ? ceiling / peak : 1
        while needed.count > neededHead, needed[needed.count - 1].gain >= gain { needed.removeLast() }
        needed.append((index, gain))
        // A little longer than the window, because a peak between two samples is seen at the second.
        if needed[neededHead].index < index - lookahead - 2 { neededHead += 1 }
        if neededHead > 1024 {
            needed.removeFirst(neededHead)
            neededHead = 0
        }
        let lowest = needed[neededHead].gain
        envelope = min(lowest, envelope + (1 - envelope) * release * 3)
        let slot = index % lookahead
        windowSum += Double(envelope) - Double(window[slot])
        window[slot] = envelope
        index += 1
        return min(1, Float(windowSum / Double(lookahead)))
    }
}

/// The largest value of one channel between two samples (ITU-R BS.1770-4, annex 2).
struct TruePeakMeter {
    /// Samples by which a peak is found late.
    static let delay = 6
    private static let phases: [[Float]] = [
        [
            0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875,
            0.1373291015625, 0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250,
            0.0148925781250, -0.0083007812500,
        ],
        [
            -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500,
            0.4650878906250, 0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625,
            0.0330810546875, -0.0189208984375,
        ],
    ]
    /// The last 12 samples, twice, so that any 12 in turn lie in one piece.
    private var history = [Float](repeating: 0, count: 24)
    private var position = 0
    /// Samples in turn that were too small for anything between them to exceed `loud`.
    private var quiet = 0
    private let loud: Float

    /// - Parameter loud: below this, the largest of the samples will do.
    init(loud: Float = 0) { self.loud = loud }

    /// The largest magnitude around the sample `delay` samples before `sample`.
    mutating func peak(_ sample: Float) -> Float {
        history[position] = sample
        history[position + 12] = sample
        position = position + 1 == 12 ? 0 : position + 1
        // No interpolated point exceeds the largest sample by more than the sum of the taps, 2.03.
        quiet = abs(sample) * 2.03 < loud ? quiet + 1 : 0
        if quiet >= 12 { return abs(history[position + 5]) }
        var sums: (Float, Float, Float, Float) = (0, 0, 0, 0)
        history.withUnsafeBufferPointer { history in
            Self.phases[0].withUnsafeBufferPointer { first in
                Self.phases[1].withUnsafeBufferPointer { second in
                    for tap in 0..<12 {
                        let value = history[position + tap]
                        // The other two phases are these, read backwards.
                        sums.0 += first[tap] * value
                        sums.1 += second[tap] * value
                        sums.2 += second[11 - tap] * value
                        sums.3 += first[11 - tap] * value
                    }
                }
            }
        }
        let between = max(max(abs(sums.0), abs(sums.1)), max(abs(sums.2), abs(sums.3)))
        // The sample itself, where the interpolation has just come to it.
        return max(between, abs(history[position + 5]), abs(history[position + 6]))
    }
}
