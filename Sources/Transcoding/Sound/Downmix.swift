internal import FFmpeg

/// How much of each channel goes into each channel of one or two, as a pure rule.
///
/// ITU-R BS.775-3, annex 4: centre and surrounds go into left and right at -3 dB, the low frequency channel
/// into neither. The sum is not scaled down, which would make dialogue 7.7 dB quieter than in a stereo mix; what
/// then exceeds full scale is for a limiter. One channel is the mean of the two, so that a voice in the middle
/// keeps its level.
enum Downmix {
    private static let half = 0.5.squareRoot()

    /// Gains, one row of `input.channelCount` an output channel.
    ///
    /// `nil` where libswresample's own rule serves: the same channels, or more than two of them.
    static func matrix(from input: ChannelLayout, to output: ChannelLayout) -> [Double]? {
        guard input != output || input.order == .unknown, output.channelCount <= 2 else { return nil }
        let sides = stereo(input)
        guard output.channelCount == 1 else { return sides.map(\.left) + sides.map(\.right) }
        return sides.map { ($0.left + $0.right) / 2 }
    }

    /// Whether full scale in every channel would exceed full scale in the output.
    static func canExceed(_ matrix: [Double], inputs: Int) -> Bool {
        stride(from: 0, to: matrix.count, by: max(inputs, 1)).contains { row in
            matrix[row..<min(row + inputs, matrix.count)].reduce(0) { $0 + abs($1) } > 1.0001
        }
    }

    private static func stereo(_ layout: ChannelLayout) -> [(left: Double, right: Double)] {
        if layout.channelCount == 1 { return [(1, 1)] }
        if layout.order == .ambisonic { return ambisonic(layout.channelCount) }
        var known = layout.channels
        // Channels without a name are taken to be the usual ones of their number.
        if layout.order == .unknown { known = ChannelLayout.standard(layout.channelCount).channels }
        let gains = known.map { $0.map(gain) ?? (left: 0, right: 0) }
        let isSilent = gains.allSatisfy { $0.left == 0 && $0.right == 0 }
        return isSilent || known.contains(nil) ? alternating(layout.channelCount) : gains
    }

    /// Channels nobody knows: those with odd numbers on the left, the others on the right, none louder.
    private static func alternating(_ count: Int) -> [(left: Double, right: Double)] {
        let gain = 1 / (Double(count) / 2).squareRoot()
        return (0..<count).map { $0 % 2 == 0 ? (gain, 0) : (0, gain) }
    }

    /// Two microphones of the first order that look left and right (channels W and Y).
    private static func ambisonic(_ count: Int) -> [(left: Double, right: Double)] {
        (0..<count).map { index in
            switch index {
            case 0: (half, half)
            case 1: (half, -half)
            default: (0, 0)
            }
        }
    }

    private static func gain(_ channel: Channel) -> (left: Double, right: Double) {
        switch channel {
        case .frontLeft, .frontLeftOfCenter, .stereoLeft, .wideLeft: (1, 0)
        case .frontRight, .frontRightOfCenter, .stereoRight, .wideRight: (0, 1)
        case .frontCenter: (half, half)
        case .sideLeft, .backLeft, .surroundDirectLeft, .topFrontLeft, .topBackLeft: (half, 0)
        case .sideRight, .backRight, .surroundDirectRight, .topFrontRight, .topBackRight: (0, half)
        case .backCenter, .topCenter, .topFrontCenter, .topBackCenter: (0.5, 0.5)
        case .lowFrequency, .lowFrequency2: (0, 0)
        }
    }
}
