import FFmpeg
import Testing

@testable import Transcoding

@Suite("Downmix")
struct DownmixTests {
    private let stereo = ChannelLayout.standard(2)
    private let mono = ChannelLayout.standard(1)
    private let half = 0.5.squareRoot()

    @Test("5.1 goes into stereo as ITU-R BS.775 says, wherever the surrounds stand")
    func surround() throws {
        let back: [Channel] = [.frontLeft, .frontRight, .frontCenter, .lowFrequency, .backLeft, .backRight]
        let side: [Channel] = [.frontLeft, .frontRight, .frontCenter, .lowFrequency, .sideLeft, .sideRight]
        let expected = [1, 0, half, 0, half, 0, 0, 1, half, 0, 0, half]
        for channels in [back, side] {
            #expect(Downmix.matrix(from: ChannelLayout(channels), to: stereo) == expected)
        }
        #expect(Downmix.canExceed(expected, inputs: 6))
        // Six channels without a name are the usual six.
        #expect(Downmix.matrix(from: ChannelLayout(.unknown, channelCount: 6), to: stereo) == expected)
    }

    @Test("Mono is as loud in both channels of stereo as it was, and the other way round")
    func monoAndStereo() {
        #expect(Downmix.matrix(from: mono, to: stereo) == [1, 1])
        #expect(Downmix.matrix(from: stereo, to: mono) == [0.5, 0.5])
        #expect(Downmix.matrix(from: stereo, to: stereo) == nil)
        #expect(Downmix.matrix(from: mono, to: mono) == nil)
    }

    @Test("No row of any layout is empty, and each is left and right alike", arguments: 1...16)
    func everyCount(count: Int) throws {
        for layout in [ChannelLayout.standard(count), ChannelLayout(.unknown, channelCount: count)] {
            for target in [stereo, mono] where layout != target {
                let matrix = try #require(Downmix.matrix(from: layout, to: target))
                #expect(matrix.count == count * target.channelCount)
                let rows = stride(from: 0, to: matrix.count, by: count).map { matrix[$0..<$0 + count] }
                let sums = rows.map { $0.reduce(0, +) }
                #expect(sums.allSatisfy { $0 > 0.4 }, "\(layout) \(matrix)")
                if count % 2 == 0 { #expect(abs(sums[0] - (sums.last ?? 0)) < 1e-9, "\(layout)") }
            }
        }
    }

    @Test("More than two channels are left to libswresample")
    func leavesOthers() {
        #expect(Downmix.matrix(from: .standard(8), to: .standard(6)) == nil)
    }
}
