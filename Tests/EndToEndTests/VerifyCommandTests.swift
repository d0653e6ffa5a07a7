import Foundation
import TestMedia
import Testing

@Suite("The commands that verify", .serialized)
struct VerifyCommandTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func json(_ text: String) throws -> [String: Any] {
        let last = try #require(text.split(whereSeparator: \.isNewline).last)
        return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    }

    private func rendition(of clip: String, _ options: [String] = []) throws -> (path: String, json: String) {
        let path = workspace.path("rendition.mp4")
        let result = try Tool.recast.run(
            ["transcode", clip, "-o", path, "--preset", "generic-320x240", "--force", "--json"] + options
        )
        #expect(result.status == 0, "\(result.errorText)")
        try result.output.write(to: workspace.url("result.json"))
        return (path, workspace.path("result.json"))
    }

    @Test("A whole file is verified alone and against its original, a damaged one is not")
    func verifies() throws {
        let clip = try ClipRecipe(width: 320, height: 240).make(workspace.url("clip.mp4"))
        let other = try ClipRecipe(width: 320, height: 240, seconds: 3).make(workspace.url("other.mp4"))
        let (path, _) = try rendition(of: clip)
        #expect(try Tool.recast.run(["verify", path]).status == 0)
        let against = try Tool.recast.run(["verify", path, "--against", clip, "--json"])
        #expect(against.status == 0, "\(against.errorText)")
        let fields = try json(against.outputText)
        #expect(fields["problems"] as? [String] == [])
        #expect(try Tool.recast.run(["verify", path, "--against", other]).status == 5)
        let damaged = try Tool.recast.run(["verify", Samples.path("damaged.mp4")])
        #expect(damaged.status == 3)
        #expect(damaged.errorLines.count == 1)
    }

    @Test("Comparing agrees with ffmpeg's SSIM and PSNR")
    func compares() throws {
        let clip = try ClipRecipe(width: 320, height: 240).make(workspace.url("clip.mp4"))
        let (path, _) = try rendition(of: clip)
        let result = try Tool.recast.run(["compare", clip, path, "--json"])
        #expect(result.status == 0, "\(result.errorText)")
        let fields = try json(result.outputText)
        let ssim = try #require(fields["ssim"] as? Double)
        #expect(abs(ssim - (try Judge.ssim(path, original: clip))) < 0.01)
        for key in ["ssimY", "ssimU", "ssimV", "worstSSIM", "psnrY", "psnrU", "psnrV"] {
            #expect(fields[key] is Double, "\(key)")
        }
        let same = try json(try Tool.recast.run(["compare", clip, clip, "--json"]).outputText)
        #expect(same["ssim"] as? Double == 1)
    }

    @Test("A deep probe counts the pictures that ffprobe decodes")
    func probes() throws {
        let result = try Tool.recast.run(["probe", "--deep", Samples.path("browser-live.webm"), "--json"])
        #expect(result.status == 0, "\(result.errorText)")
        let decoded = try #require(try json(result.outputText)["decoded"] as? [String: Any])
        let streams = try #require(decoded["streams"] as? [[String: Any]])
        let counted = try Tool.ffprobe.output([
            "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
            "stream=nb_read_frames", "-of", "csv=p=0", Samples.path("browser-live.webm"),
        ])
        let count = Int(String(decoding: counted, as: UTF8.self).filter(\.isNumber))
        #expect(streams.first { $0["kind"] as? String == "video" }?["frames"] as? Int == count)
        #expect(decoded["whole"] as? Bool == true)
    }

    @Test("A damaged input is transcoded where that is allowed, and the result says so")
    func allowsDamage() throws {
        let (path, result) = try rendition(of: Samples.path("damaged.mp4"), ["--allow-damaged"])
        let fields = try json(String(contentsOf: URL(fileURLWithPath: result), encoding: .utf8))
        let damage = try #require(fields["damage"] as? [String: Any])
        #expect(damage["tolerable"] as? Bool == false)
        #expect((damage["missingSeconds"] as? Double ?? 0) > 1)
        #expect(try Judge.decodeErrors(path) == [])
    }

    @Test("A result is reproduced byte for byte from the line that told of it")
    func reproduces() throws {
        let clip = try ClipRecipe(width: 320, height: 240).make(workspace.url("clip.mp4"))
        let (path, result) = try rendition(of: clip, ["--threads", "1"])
        let again = try Tool.recast.run(
            ["verify", path, "--against", clip, "--reproduce", result, "--json"]
        )
        #expect(again.status == 0, "\(again.errorText)")
        #expect(try json(again.outputText)["outcome"] as? String == "same-bytes")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let other = try Tool.recast.run(["verify", path, "--against", clip, "--reproduce", result])
        #expect(other.status == 5)
    }
}
