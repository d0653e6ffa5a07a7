import Foundation
import TestMedia
import Testing

@Suite("The command line", .serialized)
struct CommandLineTests {
    private let workspace: Workspace
    private let outputs: URL
    private let input: String

    init() throws {
        workspace = try Workspace()
        outputs = try workspace.subfolder("outputs")
        input = try ClipRecipe(width: 320, height: 240).make(workspace.url("clip.mov"))
    }

    @Test("A folder as output receives a file named after the input")
    func namesOutput() throws {
        let result = try RecastProgram.transcode(input, to: outputs)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(contents(of: outputs) == ["clip.mp4"])
    }

    @Test("An output that exists is left alone and reported as a usage error")
    func keepsExisting() throws {
        let output = outputs.appendingPathComponent("clip.mp4")
        let precious = Data("precious".utf8)
        try precious.write(to: output)
        let result = try RecastProgram.transcode(input, to: output)
        #expect(result.status == 2)
        #expect(result.errorText.isEmpty == false)
        #expect(contents(of: outputs) == ["clip.mp4"])
        #expect(try Data(contentsOf: output) == precious)
    }

    @Test("With --force an output that exists is replaced")
    func replacesExisting() throws {
        let output = outputs.appendingPathComponent("clip.mp4")
        try Data("worthless".utf8).write(to: output)
        let result = try RecastProgram.transcode(input, to: output, options: ["--force"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(contents(of: outputs) == ["clip.mp4"])
        #expect(try Judge.probe(output.path).video?.codec == "h264")
    }

    @Test("With --force a failure leaves the output that exists as it was")
    func keepsExistingOnFailure() throws {
        let output = outputs.appendingPathComponent("clip.mp4")
        let precious = Data("precious".utf8)
        try precious.write(to: output)
        let damaged = Samples.path("damaged.mp4")
        let result = try RecastProgram.transcode(damaged, to: output, options: ["--force"])
        #expect(result.status == 3, "\(result.errorText)")
        #expect(contents(of: outputs) == ["clip.mp4"])
        #expect(try Data(contentsOf: output) == precious)
    }

    @Test("An output folder that is missing is made or reported")
    func handlesMissingFolder() throws {
        let output = outputs.appendingPathComponent("missing/clip.mp4")
        let result = try RecastProgram.transcode(input, to: output)
        #expect(!result.wasSignalled)
        #expect([0, 6].contains(result.status), "\(result.errorText)")
        #expect(FileManager.default.fileExists(atPath: output.path) == (result.status == 0))
    }

    @Test("An input that is missing is no output's fault")
    func reportsMissingInput() throws {
        let result = try RecastProgram.transcode(workspace.path("nowhere.mp4"), to: outputs)
        #expect([3, 6].contains(result.status), "\(result.errorText)")
        #expect(contents(of: outputs) == [])
    }

    @Test("An output named .webm holds an MP4")
    func ignoresExtension() throws {
        let output = outputs.appendingPathComponent("x.webm")
        let result = try RecastProgram.transcode(input, to: output)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(contents(of: outputs) == ["x.webm"])
        #expect(try Judge.topLevelBoxes(output.path).first == "ftyp")
    }

    @Test("With --json each line on stdout is one JSON object")
    func reportsEvents() throws {
        let result = try RecastProgram.transcode(input, to: outputs, options: ["--json"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(!result.outputLines.isEmpty)
        for line in result.outputLines {
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any], "\(line)")
        }
    }

    @Test("The finished event and --stats say how good the rendition is")
    func reportsQuality() throws {
        let result = try RecastProgram.transcode(input, to: outputs, options: ["--json"])
        let last = try #require(result.outputLines.last)
        let event = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
        let ssim = try #require(event?["ssim"] as? Double)
        #expect((0.5...1).contains(ssim))
        let again = try RecastProgram.transcode(input, to: outputs, options: ["--stats", "--force"])
        #expect(again.outputText.contains("SSIM 0.") || again.outputText.contains("SSIM 1."))
    }

    @Test("probe --json describes the input as one JSON object")
    func probes() throws {
        let result = try RecastProgram.tool.run(["probe", input, "--json"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try JSONSerialization.jsonObject(with: result.output) is [String: Any])
    }

    @Test(
        "Arguments nobody knows are a usage error",
        arguments: [["transcode"], ["transcode", "--nonsense"]]
    )
    func refusesUsage(arguments: [String]) throws {
        let result = try RecastProgram.tool.run(arguments)
        #expect(result.status == 2, "\(result.errorText)")
        #expect(!result.errorText.isEmpty)
    }

    @Test("SIGINT during a transcode leaves nothing and says so")
    func cancels() throws {
        let long = try ClipRecipe(width: 1920, height: 1080).make(workspace.url("long.mp4"), loops: 30)
        let running = try RecastProgram.tool.start(["transcode", long, "-o", outputs.path, "--json"])
        // Writing has begun once anything is told or a file appears; a quiet program gets two seconds.
        let folder = outputs
        _ = running.wait(limit: 2) { running.outputByteCount > 0 || !contents(of: folder).isEmpty }
        running.interrupt()
        let result = try running.finish(limit: 20)
        expectRefusal(result, status: 7, folder: outputs)
    }
}
