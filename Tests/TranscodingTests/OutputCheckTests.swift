import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("The check of an output", .serialized)
struct OutputCheckTests {
    private let workspace: Workspace

    init() throws {
        // Complaints are counted as in a transcode.
        LogCapture.silence()
        workspace = try Workspace()
    }

    private func clip(_ name: String = "clip.mp4", sound: [String] = []) throws -> String {
        let path = workspace.path(name)
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i",
                "testsrc2=size=320x240:rate=25:duration=2,format=yuv420p", "-f", "lavfi", "-i",
                "sine=sample_rate=48000:duration=2",
            ] + sound + [
                "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac", "-movflags", "+faststart", path,
            ]
        )
        return path
    }

    private func judgement(frames: Int = 50, seconds: Double = 2, hasAudio: Bool = true) -> OutputJudgement {
        OutputJudgement(
            frameCount: frames,
            hasAudio: hasAudio,
            pictureSpan: seconds - 0.04,
            inputPictureEnd: seconds,
            inputSoundEnd: seconds
        )
    }

    private func check(_ path: String, _ judgement: OutputJudgement) throws -> OutputCheck.Finding {
        try OutputCheck.run(
            try FileReader(path: path),
            OutputCheck.Expectation(
                container: .mp4,
                limit: Size(1280, 720),
                seconds: 1.96,
                audioTrackCount: judgement.hasAudio ? 1 : 0,
                judgement: judgement,
                threads: 2
            ),
            IngestLimits()
        )
    }

    private func expectRejection(_ path: String, _ judgement: OutputJudgement, _ words: String) {
        let error = #expect(throws: TranscodingError.self) { try check(path, judgement) }
        #expect(error?.code == .outputRejected)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
    }

    @Test("A whole file passes, with the hash of its bytes")
    func passes() throws {
        let path = try clip()
        let found = try check(path, judgement())
        #expect(found.size == Size(320, 240))
        let sum = try Tool("sha256sum").output([path])
        #expect(found.sha256 == String(decoding: sum, as: UTF8.self).prefix(64).description)
    }

    @Test("A picture that does not decode is found, wherever it is", arguments: [0.3, 0.6, 0.9])
    func findsDamage(place: Double) throws {
        let path = try clip("damaged.mp4")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let start = Int(Double(bytes.count) * place)
        for index in start..<start + 400 { bytes[index] = 0xff }
        try bytes.write(to: URL(fileURLWithPath: path))
        // Whether a frame thread flags its picture in time differs from run to run.
        for _ in 0..<12 {
            let error = #expect(throws: TranscodingError.self) { try check(path, judgement()) }
            #expect(error?.code == .outputRejected)
        }
    }

    @Test("Missing pictures, wrong lengths and streams are found")
    func findsDifferences() throws {
        let path = try clip()
        expectRejection(path, judgement(frames: 51), "50 of 51 pictures")
        expectRejection(path, judgement(seconds: 3), "span")
        expectRejection(path, judgement(hasAudio: false), "wrong streams")
    }

    @Test("Sound that begins apart from the pictures is found")
    func findsOffset() throws {
        let path = try clip("late.mp4", sound: ["-af", "asetpts=PTS+0.3/TB"])
        expectRejection(path, judgement(), "sound begins")
    }

    @Test("A deep look counts what ffprobe counts")
    func examines() throws {
        let found = try MediaExamination.run(path: try clip())
        #expect(found.isWhole)
        #expect(found.video?.frameCount == 50)
        #expect(found.audio?.sampleRate == 48_000)
        #expect(abs(found.duration - 2) < 0.05)
        #expect(abs(found.soundOffset ?? 1) < 0.03)
    }
}
