import Foundation
import TestMedia
import Testing

@Suite("Inputs that are damaged or hostile", .serialized)
struct HostileInputTests {
    private let workspace: Workspace
    private let outputs: URL
    private let files: HostileFiles

    init() throws {
        workspace = try Workspace()
        outputs = try workspace.subfolder("outputs")
        files = HostileFiles(in: try workspace.subfolder("inputs"))
    }

    @Test("An upload that broke off is bad input")
    func refusesDamaged() throws {
        let result = try RecastProgram.transcode(Samples.path("damaged.mp4"), to: outputs)
        expectRefusal(result, status: 3, folder: outputs)
    }

    @Test(
        "A file that names another is bad input, and nobody is called",
        arguments: HostileFiles.Redirection.allCases
    )
    func followsNothing(kind: HostileFiles.Redirection) throws {
        let listener = try LocalListener()
        let victim = try ClipRecipe(width: 320, height: 240).make(workspace.url("victim.mp4"))
        let input = try files.redirection(kind, victim: victim, port: listener.port)
        let result = try RecastProgram.transcode(input, to: outputs, limit: 20)
        expectRefusal(result, status: 3, folder: outputs)
        #expect(result.seconds < 5)
        #expect(!listener.wasCalled())
    }

    @Test("Something that is no video is bad input", arguments: HostileFiles.Impostor.allCases)
    func refusesImpostors(kind: HostileFiles.Impostor) throws {
        let result = try RecastProgram.transcode(try files.impostor(kind), to: outputs, limit: 20)
        expectRefusal(result, status: 3, folder: outputs)
    }

    @Test("Probing something that is no video is bad input", arguments: HostileFiles.Impostor.allCases)
    func probesImpostors(kind: HostileFiles.Impostor) throws {
        let result = try RecastProgram.tool.run(["probe", try files.impostor(kind), "--json"], limit: 20)
        expectRefusal(result, status: 3, folder: outputs)
    }

    @Test(
        "Pictures that are too large are refused before they are decoded",
        arguments: ["mp4", "mkv", "ts", "mpg", "flv", "avi", "webm"]
    )
    func refusesPictureBomb(container: String) throws {
        let input = try files.pictureBomb(container: container)
        let result = try RecastProgram.transcode(input, to: outputs, limit: 30)
        expectRefusal(result, status: 4, folder: outputs)
        expectNamed(["pixels", "height"], in: result)
    }

    @Test("More streams than a limit allows are refused, and the limit can be raised")
    func refusesManyStreams() throws {
        let input = workspace.path("streams.mkv")
        let maps = (0..<40).flatMap { _ in ["-map", "1:a"] }
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x240:d=1", "-f", "lavfi",
                "-i", "sine=d=1", "-map", "0:v",
            ] + maps + ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac", input]
        )
        let result = try RecastProgram.transcode(input, to: outputs)
        expectRefusal(result, status: 4, folder: outputs)
        expectNamed(["maxstreams"], in: result)
        let raised = try Tool("/usr/bin/env").run([
            "RECAST_LIMIT_MAX_STREAMS=64", RecastProgram.tool.path, "transcode", input, "-o", outputs.path,
        ])
        #expect(raised.status == 0, "\(raised.errorText)")
    }

    @Test("Pictures that become too large on the way are refused")
    func refusesGrowingPictures() throws {
        let result = try RecastProgram.transcode(try files.growingPictures(), to: outputs, limit: 30)
        expectRefusal(result, status: 4, folder: outputs)
        expectNamed(["pixels", "height"], in: result)
    }

    @Test(
        "A gap between pictures that is too long is refused",
        arguments: [(38 * 86_400, "mp4"), (38 * 86_400, "mkv"), (3_600, "mp4"), (3_600, "mkv")]
    )
    func refusesGapBomb(seconds: Int, container: String) throws {
        let input = try files.gapBomb(seconds: seconds, container: container)
        let result = try RecastProgram.transcode(input, to: outputs, limit: 30)
        expectRefusal(result, status: 4, folder: outputs)
        // A gap of an hour breaks no other limit; one of 38 days breaks the one on duration too.
        expectNamed(seconds == 3_600 ? ["gap"] : ["gap", "duration"], in: result)
    }

    @Test(
        "A clock that misbehaves is set right or refused, and never ends the program",
        arguments: HostileFiles.Clock.allCases
    )
    func survivesClock(kind: HostileFiles.Clock) throws {
        let output = outputs.appendingPathComponent("output.mp4")
        let result = try RecastProgram.transcode(try files.clock(kind), to: output, limit: 60)
        guard result.status == 0, !result.wasSignalled else {
            return expectRefusal(result, status: result.status == 4 ? 4 : 3, folder: outputs)
        }
        let duration = try #require(try Judge.probe(output.path).format.duration)
        #expect(kind.durations.contains { abs(duration - $0) <= 0.1 }, "\(duration)")
        #expect(try Judge.decodeErrors(output.path) == [])
        if kind == .wrapping {
            let numbers = try Judge.frameNumbers(output.path).map(\.number)
            // Sound begins a little earlier, so the first picture may be shown for longer.
            #expect(numbers == numbers.sorted())
            #expect(Set(numbers) == Set(0..<180))
        }
    }

    private func expectNamed(_ names: [String], in result: Tool.Result) {
        let text = result.errorText.lowercased()
        #expect(names.contains { text.contains($0) }, "\(result.errorText)")
    }
}
