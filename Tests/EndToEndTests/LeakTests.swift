import Foundation
import TestMedia
import Testing

@Suite("Memory", .serialized)
struct LeakTests {
    @Test("A whole transcode under valgrind loses no byte")
    func losesNothing() throws {
        let workspace = try Workspace()
        let input = try ClipRecipe(width: 320, height: 180, seconds: 1).make(workspace.url("in.mp4"))
        let output = workspace.url("out.mp4")
        let check = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
        let limit = ["--error-exitcode=99", "--undef-value-errors=no"]
        // This valgrind gives up on the debug information that clang writes for the C of a dependency.
        let program = workspace.path("recast")
        try Tool("strip").output(["--strip-debug", "-o", program, RecastProgram.tool.path])
        let presets = Samples.packageRoot.appendingPathComponent("presets/web.json").path
        let command = [program, "transcode", input, "-o", output.path, "--preset", presets]
        let result = try Tool("valgrind").run(check + limit + command, limit: 300)
        #expect(result.errorText.contains("definitely lost: 0 bytes"), "\(result.errorText.suffix(4000))")
        #expect(FileManager.default.fileExists(atPath: output.path))
    }
}
