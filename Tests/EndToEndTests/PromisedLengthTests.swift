import Foundation
import TestMedia
import Testing

/// A container that promises one length for all its streams promises nothing of a single one.
@Suite("What a container promises of a part of it", .serialized)
struct PromisedLengthTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func makeClip(pictures: Int, offset: Int = 0, sound: Int) throws -> String {
        let path = workspace.path("clip.mkv")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-itsoffset", "\(offset)", "-f", "lavfi", "-i",
            "testsrc2=size=160x120:rate=12:duration=\(pictures)", "-f", "lavfi", "-i",
            "sine=duration=\(sound)", "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast",
            "-c:a", "aac", path,
        ])
        return path
    }

    private func finished(_ arguments: [String]) throws -> [String: Any] {
        let result = try Tool.recast.run(arguments + ["--json"])
        try #require(result.status == 0, "\(result.errorText)")
        let last = try #require(result.outputText.split(whereSeparator: \.isNewline).last)
        return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    }

    @Test(
        "Pictures whose sound begins earlier or ends later are whole without it",
        arguments: [(0, 5), (2, 4), (2, 7)]
    )
    func picturesAlone(offset: Int, sound: Int) throws {
        let clip = try makeClip(pictures: 2, offset: offset, sound: sound)
        let output = workspace.path("o.gif")
        let fields = try finished(["transcode", clip, "-o", output, "--preset", "gif"])
        #expect(fields["damage"] == nil)
        let duration = try #require(try Judge.probe(output).format.duration)
        #expect(abs(duration - 2) < 0.15, "\(duration)")
    }

    @Test("Sound whose pictures end later is whole without them")
    func soundAlone() throws {
        let clip = try makeClip(pictures: 5, sound: 2)
        let output = workspace.path("o.mp3")
        let fields = try finished(["transcode", clip, "-o", output, "--preset", "mp3-128k"])
        #expect(fields["damage"] == nil)
        let duration = try #require(try Judge.probe(output).format.duration)
        #expect(abs(duration - 2) < 0.15, "\(duration)")
    }

    @Test("A part that reaches past the end says by how much the clip is shorter", arguments: [0.0, 1.0])
    func short(start: Double) throws {
        let clip = try ClipRecipe(width: 160, height: 120).make(workspace.url("clip.mp4"))
        let output = workspace.path("o.mp4")
        let arguments = [
            "transcode", clip, "-o", output, "--preset", "generic-320x240", "--force", "--start", "\(start)",
        ]
        let fields = try finished(arguments + ["--duration", "5"])
        let short = try #require(fields["shortSeconds"] as? Double)
        #expect(abs(short - (3 + start)) < 0.1, "\(short)")
        #expect(try finished(arguments + ["--duration", "0.5"])["shortSeconds"] == nil)
        let words = try Tool.recast.run(arguments + ["--duration", "5"])
        #expect(words.status == 0 && words.outputText.contains("shorter than asked"), "\(words.outputText)")
    }
}
