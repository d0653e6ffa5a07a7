import FFmpeg
import Testing

@testable import Transcoding

@Suite("WindowSampler")
struct WindowSamplerTests {
    /// The pictures that are sampled at 30 a second by an encoder that needs a keyframe every 90 pictures.
    ///
    /// It looks `lookahead` pictures ahead, and puts a keyframe at each of `cuts`.
    private func samples(
        _ count: Int,
        cuts: [Int] = [],
        lookahead: Int = 40,
        hasRoom: Bool = true
    ) -> [(picture: Int, sample: WindowSampler.Sample)] {
        var sampler = WindowSampler(timebase: Timebase(1, 30), keyframeDistance: 90)
        var lastKeyframe = 0
        var samples: [(Int, WindowSampler.Sample)] = []
        for index in 0..<count {
            if let sample = sampler.take(pts: Int64(index), hasRoom: hasRoom) {
                samples.append((index, sample))
            }
            let packet = index - lookahead
            guard packet >= 0 else { continue }
            let isKeyframe = packet == 0 || packet - lastKeyframe == 90 || cuts.contains(packet)
            if isKeyframe { lastKeyframe = packet }
            sampler.take(isKeyframe: isKeyframe)
        }
        return samples
    }

    private func windows(_ samples: [(picture: Int, sample: WindowSampler.Sample)]) -> [Double] {
        samples.filter(\.sample.isLast).map(\.sample.seconds)
    }

    @Test("Six pictures are a window, 3 s from the one before at first, then ever further up to 30")
    func spacesWindows() {
        let samples = samples(1_700)
        #expect(windows(samples) == [0, 3, 6, 12, 24, 48])
        #expect(samples.count == 36)
        for (seconds, step) in [(0.0, 6), (3.0, 3), (48.0, 3)] {
            let pictures = samples.filter { $0.sample.seconds == seconds }.map(\.picture)
            #expect(pictures == (0..<6).map { Int(seconds * 30) + step * $0 })
        }
    }

    @Test("After a cut that is known in time the window waits for the next keyframe that is due")
    func followsCuts() { #expect(windows(samples(200, cuts: [30])) == [0, 4]) }

    @Test("A cut that the encoder has yet to tell of leaves the window where it is")
    func leavesWindow() { #expect(windows(samples(200, cuts: [70])) == [0, 3]) }

    @Test("An encoder without lookahead has its keyframes at the windows' starts")
    func needsNoLookahead() { #expect(windows(samples(200, lookahead: 0)) == [0, 3]) }

    @Test("A clip shorter than a window is sampled as far as it goes", arguments: [1, 2, 4, 17])
    func endsEarly(count: Int) { #expect(samples(count).count == (count + 5) / 6) }

    @Test("Without room for its pictures no window is opened")
    func needsRoom() { #expect(samples(200, hasRoom: false).isEmpty) }
}
