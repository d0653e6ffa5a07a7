import Foundation
import TestMedia
import Testing

@Suite("A transcode that is killed and resumed", .serialized)
struct ResumeTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("It redoes at most one range a worker, makes the same bytes and leaves no ranges behind")
    func resumes() throws {
        let input = try ClipRecipe(width: 640, height: 360, seconds: 40).make(workspace.url("input.mp4"))
        let options = ["--segments", "4", "--threads", "1", "--json"]
        let whole = workspace.url("whole.mp4")
        let first = try RecastProgram.transcode(input, to: whole, options: options)
        try #require(first.status == 0, "\(first.errorText)")
        #expect(first.outputText.contains("\"count\":4"))

        let kept = workspace.url("kept")
        let output = workspace.url("resumed.mp4")
        let resuming = options + ["--resume", kept.path]
        let arguments = ["transcode", input, "-o", output.path, "--preset", "web"] + resuming
        let run = try Tool.recast.start(arguments)
        func finished() -> [String] { contents(of: kept).filter { $0.hasSuffix(".segment") } }
        #expect(run.wait(limit: 60) { finished().count >= 2 })
        run.kill()
        #expect(try run.finish().wasSignalled)
        let count = finished().count
        #expect(count >= 2 && count < 4)
        #expect(!FileManager.default.fileExists(atPath: output.path))
        // One that was damaged meanwhile is made again.
        let damaged = kept.appendingPathComponent(try #require(finished().first))
        try Data(try Data(contentsOf: damaged).dropLast(7)).write(to: damaged)

        let again = try RecastProgram.transcode(input, to: output, options: resuming)
        try #require(again.status == 0, "\(again.errorText)")
        #expect(again.outputText.contains("\"kept\":\(count - 1)"))
        #expect(try Data(contentsOf: output) == (try Data(contentsOf: whole)))
        #expect(contents(of: kept) == [])
    }
}
