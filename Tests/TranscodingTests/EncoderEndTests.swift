import FFmpeg
import Testing

@testable import Transcoding

@Suite("What an encoder that looks ahead holds back")
struct EncoderEndTests {
    private let pictures: [Frame]

    init() throws {
        LogCapture.silence()
        pictures = try noisyPictures(90, width: 256, height: 144)
    }

    private struct Encoded: Equatable {
        var pts: [Int64] = []
        var dts: [Int64] = []
        var byteCounts: [Int] = []
        var keyframes: [Int] = []

        mutating func add(_ packet: Packet) {
            if packet.isKeyframe { keyframes.append(pts.count) }
            pts.append(packet.pts ?? .min)
            dts.append(packet.dts ?? .min)
            byteCounts.append(packet.byteCount)
        }
    }

    /// Encodes 90 pictures, of which 40 or more are held back when the last one is in.
    private func encode(
        step: Int64 = 1,
        _ end: (consuming Encoder, (Packet) -> Void) throws -> Void
    ) throws -> (all: Encoded, heldBack: Int) {
        var encoder = try Encoder.open(
            "libx264",
            .video(VideoFormat(size: Size(256, 144), color: .bt601, frameRate: Rational(30, 1))),
            timebase: Timebase(1, Int32(30 * step)),
            options: ["preset": "faster", "rc-lookahead": "40", "g": "90", "crf": "30"],
            threads: 1
        )
        var encoded = Encoded()
        for (index, picture) in pictures.enumerated() {
            for packet in try encoder.encode(picture, pts: Int64(index) * step) { encoded.add(packet) }
        }
        let before = encoded.pts.count
        try end(encoder) { encoded.add($0) }
        return (encoded, encoded.pts.count - before)
    }

    @Test(
        "Comes out once each and in its order when its quality may change",
        arguments: [1, 1001] as [Int64]
    )
    func comesOut(step: Int64) throws {
        let (plain, _) = try encode(step: step) { try $0.finish($1) }
        let (steered, heldBack) = try encode(step: step) { try $0.finish(aimingAt: { nil }, $1) }
        #expect(heldBack > 40)
        #expect(steered.pts.sorted() == (0..<90).map { $0 * step })
        #expect(steered.pts == plain.pts && steered.dts == plain.dts)
        #expect(steered.keyframes == plain.keyframes)
        // What follows it is black and has no part in it.
        let change = Double(steered.byteCounts.reduce(0, +)) / Double(plain.byteCounts.reduce(0, +))
        #expect(abs(change - 1) < 0.01, "\(change)")
    }

    @Test("Has the quality that it is given")
    func changes() throws {
        let (plain, heldBack) = try encode { try $0.finish($1) }
        let (worse, _) = try encode { try $0.finish(aimingAt: { 46 }, $1) }
        let (better, _) = try encode { try $0.finish(aimingAt: { 18 }, $1) }
        let sizes = [worse, plain, better].map { $0.byteCounts.suffix(heldBack).reduce(0, +) }
        #expect(sizes[0] * 2 < sizes[1] && sizes[1] * 2 < sizes[2], "\(sizes)")
        #expect(worse.byteCounts.prefix(90 - heldBack) == plain.byteCounts.prefix(90 - heldBack))
    }
}
