import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("Which renditions share a decode")
struct RenditionGroupsTests {
    private let presets: [Preset]

    init() throws {
        let library = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        presets = try ["web", "gif", "generic-480p-16-9", "mp3-128k", "hls-video-400k"].map(library.preset)
    }

    private func groups(isWhole: Bool, isJoined: Bool, withoutSound: Double = 0) -> [[Int]] {
        RenditionGroups(presets, isWhole: isWhole, isJoined: isJoined) { _, hasAudio in
            hasAudio ? 0 : withoutSound
        }.groups
    }

    @Test("All of a whole input that starts with its pictures")
    func sharesAWholeInput() { #expect(groups(isWhole: true, isJoined: false) == [[0, 1, 2, 3, 4]]) }

    @Test("Those of the same streams, where the input starts elsewhere without its sound")
    func dividesByStart() {
        #expect(groups(isWhole: true, isJoined: false, withoutSound: 0.5) == [[0, 2], [1, 4], [3]])
    }

    @Test("Those of the same streams, of a part of an input")
    func dividesParts() { #expect(groups(isWhole: false, isJoined: false) == [[0, 2], [1, 4], [3]]) }

    @Test("Those of the same streams and the same sound, where inputs are joined")
    func dividesJoined() { #expect(groups(isWhole: true, isJoined: true) == [[0], [1, 4], [2], [3]]) }

    @Test(
        "Encoders keep half as many threads again as there are cores while there are few, and three each of many",
        arguments: [(2, 1, 3), (2, 3, 3), (16, 1, 24), (16, 2, 24), (16, 3, 16), (16, 30, 3), (1, 5, 1)]
    )
    func sharesCores(cores: Int, renditions: Int, threads: Int) {
        #expect(CoreShare(cores: cores, renditions: renditions).encoder == threads)
    }

    @Test(
        "A decoder gets as many threads as its share of the work needs, and not more than it can use",
        arguments: [
            (2, 0.3, 1), (2, 0.65, 2), (2, 1.0, 3), (4, 0.3, 2), (16, 0.3, 8), (16, 1.0, 8), (1, 0.01, 1),
        ]
    )
    func sharesDecoder(cores: Int, decoding: Double, threads: Int) {
        #expect(CoreShare(cores: cores, decoding: decoding).decoder == threads)
    }

    @Test(
        "The decoder of a short input has two threads at least, where there are two cores",
        arguments: [(2, 2.0, 2), (2, 5.0, 2), (2, 5.1, 1), (1, 2.0, 1), (16, 2.0, 8)]
    )
    func sharesShort(cores: Int, seconds: Double, threads: Int) {
        #expect(CoreShare(cores: cores, decoding: 0.3, seconds: seconds).decoder == threads)
    }
}
