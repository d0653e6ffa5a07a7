import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("Outputs that are decoded beside their encoder")
struct ExamineStageTests {
    private let workspace: Workspace

    init() throws {
        // Complaints are counted as in a transcode.
        LogCapture.silence()
        workspace = try Workspace()
    }

    private static let timebase = Timebase(1, 30)

    /// Encoded pictures at 30 a second, and those of them that were sampled.
    private struct Encoded {
        let parameters: CodecParameters
        var packets: [Packet] = []
        var sampled: [(pts: Int64, frame: Frame, sample: WindowSampler.Sample)] = []

        func track(_ timebase: Timebase = timebase) -> Muxer.Track {
            Muxer.Track(parameters: parameters, timebase: timebase, frameRate: Rational(30, 1))
        }
    }

    private func pictures(_ count: Int) throws -> [Frame] {
        try noisyPictures(count, width: 160, height: 90)
    }

    private func encode(_ pictures: [Frame], _ options: CodecOptions = [:]) throws -> Encoded {
        var encoder = try Encoder.open(
            "libx264",
            .video(VideoFormat(size: Size(160, 90), color: .bt601, frameRate: Rational(30, 1))),
            timebase: Self.timebase,
            options: ["preset": "faster", "rc-lookahead": "40", "g": "30", "crf": "30"].merging(options) {
                $1
            },
            threads: 1,
            hasGlobalHeader: true
        )
        var encoded = Encoded(parameters: encoder.parameters)
        var sampler = WindowSampler(timebase: Self.timebase, keyframeDistance: 30)
        for (index, picture) in pictures.enumerated() {
            if let sample = sampler.take(pts: Int64(index), hasRoom: true) {
                encoded.sampled.append((Int64(index), picture, sample))
            }
            for packet in try encoder.encode(picture, pts: Int64(index)) {
                encoded.packets.append(packet)
                sampler.take(isKeyframe: packet.isKeyframe)
            }
        }
        try encoder.finish { encoded.packets.append($0) }
        return encoded
    }

    private func examine(_ encoded: Encoded) throws -> ExamineStage {
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        let scope = ExamineStage.Scope(try presets.preset("web"), isReadable: true)
        let samples = PictureSamples()
        for (pts, frame, sample) in encoded.sampled { samples.add(frame, pts: pts, sample) }
        let stage = ExamineStage(scope, samples: samples, limits: IngestLimits())
        try stage.accept(.opened(.video, encoded.track()))
        for packet in encoded.packets { try stage.accept(.packet(.video, packet)) }
        try stage.finish()
        return stage
    }

    private func write(
        _ encoded: Encoded,
        _ name: String = "made.mp4",
        timebase: Timebase = timebase
    ) throws -> String {
        let path = workspace.path(name)
        var muxer = try Muxer.open(
            try OutputBody(creating: path),
            format: "mp4",
            tracks: [encoded.track(timebase)],
            options: ["movflags": "+faststart"]
        )
        for packet in encoded.packets { try muxer.write(packet, stream: 0) }
        try muxer.finish()
        return path
    }

    private func check(_ path: String, _ stage: ExamineStage, seconds: Double) throws {
        let judgement = OutputJudgement(
            frameCount: stage.findings.first?.frameCount,
            hasAudio: false,
            pictureSpan: seconds - 1.0 / 30,
            inputPictureEnd: seconds,
            inputSoundEnd: nil
        )
        _ = try OutputCheck.run(
            try FileReader(path: path),
            OutputCheck.Expectation(
                container: .mp4,
                limit: Size(1280, 720),
                seconds: seconds,
                audioTrackCount: 0,
                judgement: judgement,
                threads: 1,
                pictures: stage.pictures
            ),
            IngestLimits()
        )
    }

    private func expectRejection(_ words: String, _ work: () throws -> Void) {
        let error = #expect(throws: TranscodingError.self, performing: work)
        #expect(error?.code == .outputRejected)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
    }

    @Test("The SSIM of sampled pictures is that of a decoder with its loop filter")
    func comparesExactly() throws {
        let encoded = try encode(pictures(200))
        #expect(encoded.sampled.count > 12)
        var graph = try ComparisonGraph.open(size: Size(160, 90), threads: 1, measuresPSNR: false)
        var quality = SampledQuality()
        var decoder = try Decoder.open(encoded.track(), threads: 1)
        var decoded: [Frame] = []
        for packet in encoded.packets { decoded += try decoder.decode(packet) }
        decoded += try decoder.finish().frames
        for (index, sampled) in encoded.sampled.enumerated() {
            let picture = try #require(decoded.first { $0.pts == sampled.pts })
            for compared in try graph.compare(picture, sampled.frame, index: Int64(index)) {
                quality.add(try #require(compared.metadata("lavfi.ssim.All")), at: sampled.sample.seconds)
            }
        }
        let expected = try #require(quality.mean(until: 6.6))
        let found = try #require(try examine(encoded).ssim(until: 6.6))
        #expect(abs(found - expected) < 1e-9, "\(found) instead of \(expected)")
        #expect(found < 0.999)
    }

    @Test("A lossless encoding has an SSIM of 1")
    func isLossless() throws {
        #expect(try examine(encode(pictures(40), ["crf": "0"])).ssim(until: 1.3) == 1)
    }

    @Test("A packet that the encoder lost is found missing")
    func noticesLoss() throws {
        var encoded = try encode(pictures(40))
        encoded.packets.remove(at: try #require(encoded.packets.firstIndex { $0.pts == 18 }))
        let finding = try #require(try examine(encoded).findings.first)
        #expect(finding.frameCount == 39)
    }

    @Test("Of four pictures three are disposable where x264 puts three B pictures between two others")
    func findsDisposable() throws {
        let encoded = try encode(
            pictures(41),
            ["bf": "3", "b_strategy": "0", "b-pyramid": "none", "sc_threshold": "0", "g": "300"]
        )
        let disposable = try #require(DisposablePictures(encoded.track()))
        let needed = encoded.packets.filter { !disposable.contains($0) }.compactMap(\.pts)
        #expect(needed == Array(stride(from: 0, through: 40, by: 4)))
        var written = try Demuxer.open(
            InputBody(FileReader(path: write(encoded))),
            limits: IngestLimits()
        )
        let stream = try #require(written.streams.first)
        let track = Muxer.Track(
            parameters: stream.parameters,
            timebase: stream.timebase,
            frameRate: Rational(30, 1)
        )
        let lengths = try #require(DisposablePictures(track))
        for packet in encoded.packets {
            let read = try #require(try written.read())
            #expect(lengths.contains(read) == disposable.contains(packet))
        }
    }

    @Test("A damaged picture is found where others need it, or where pictures are compared")
    func noticesDamage() throws {
        var encoded = try encode(pictures(120))
        let disposable = try #require(DisposablePictures(encoded.track()))
        // The first window ends before the second keyframe; the second window is left out.
        encoded.sampled.removeAll { $0.sample.seconds > 0 }
        let isDisposable = encoded.packets.map { disposable.contains($0) }
        func first(from pts: Int64, _ isWanted: Bool) throws -> Int {
            try #require(
                encoded.packets.indices.first {
                    encoded.packets[$0].pts ?? 0 >= pts && isDisposable[$0] == isWanted
                }
            )
        }
        for (index, isFound) in [
            (try first(from: 6, true), true), (try first(from: 62, false), true),
            (try first(from: 62, true), false),
        ] {
            var damaged = encoded
            // Behind a start code of four bytes and the unit's head: a first macroblock that is not there.
            damaged.packets[index] = try encoded.packets[index].filling(5..<7, with: 1)
            let finding = try #require(try examine(damaged).findings.first)
            #expect((finding.errorCount > 0) == isFound)
            #expect(finding.frameCount == (isFound ? 119 : 120))
        }
    }

    @Test("The file passes whose packets are those that were decoded")
    func passes() throws {
        let encoded = try encode(pictures(40))
        try check(write(encoded), examine(encoded), seconds: 40.0 / 30)
    }

    @Test(
        "A byte that changed on its way into the file is found, wherever it is",
        arguments: [0.2, 0.5, 0.95]
    )
    func noticesChange(place: Double) throws {
        let encoded = try encode(pictures(40))
        let path = try write(encoded)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let media = try #require(bytes.range(of: Data("mdat".utf8))).upperBound
        let index = media + Int(Double(bytes.count - media) * place)
        bytes[index] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let stage = try examine(encoded)
        let error = #expect(throws: TranscodingError.self) { try check(path, stage, seconds: 40.0 / 30) }
        #expect(error?.code == .outputRejected)
    }

    @Test("Packets that are missing from the file, or come twice, are found")
    func noticesCount() throws {
        let encoded = try encode(pictures(40))
        let stage = try examine(encoded)
        var shorter = encoded
        shorter.packets.removeLast()
        let path = try write(shorter, "shorter.mp4")
        expectRejection("packet 39 of 40") { try check(path, stage, seconds: 40.0 / 30) }
        let longer = try write(encode(pictures(41)), "longer.mp4")
        expectRejection("packet") { try check(longer, stage, seconds: 40.0 / 30) }
    }

    @Test("Pictures at other times than they were encoded for are found")
    func noticesTime() throws {
        let encoded = try encode(pictures(40))
        // 1.3 ms in all.
        let path = try write(encoded, timebase: Timebase(1_001, 30_000))
        let stage = try examine(encoded)
        expectRejection("off its time") { try check(path, stage, seconds: 40.0 / 30) }
    }

    @Test("A header that does not fit the pictures is found")
    func noticesHeader() throws {
        let encoded = try encode(pictures(40))
        let path = try write(encoded)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let header = try #require(bytes.range(of: Data("avcC".utf8))).upperBound
        // Within the parameter sets, behind their lengths and the profile.
        for index in header + 13..<header + 20 { bytes[index] = 0xff }
        try bytes.write(to: URL(fileURLWithPath: path))
        let stage = try examine(encoded)
        #expect(throws: TranscodingError.self) { try check(path, stage, seconds: 40.0 / 30) }
    }
}
