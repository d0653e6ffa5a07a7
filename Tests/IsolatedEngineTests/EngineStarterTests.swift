import Foundation
import IsolatedEngine
import TestMedia
import Testing
import Transcoding

@Suite("A process started ahead of its run", .serialized)
struct EngineStarterTests {
    private let workspace: Workspace
    private let engine: EngineProcess

    /// The engine behind a script that notes each start, and the ids of the processes.
    init() throws {
        workspace = try Workspace()
        let script = workspace.path("engine")
        let text = "#!/bin/sh\necho $$ >> '\(workspace.path("starts"))'\nexec '\(Tool.recast.path)' \"$@\"\n"
        try text.write(toFile: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        engine = EngineProcess(executable: script)
    }

    private var starts: [Int32] {
        let text = try? String(contentsOfFile: workspace.path("starts"), encoding: .utf8)
        return text?.split(separator: "\n").compactMap { Int32($0) } ?? []
    }

    private func waitForStart() async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while starts.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        try #require(starts.count == 1)
    }

    private func run(into name: String) async throws {
        let clip = workspace.path("clip.mp4")
        if !FileManager.default.fileExists(atPath: clip) {
            _ = try ClipRecipe().make(workspace.url("clip.mp4"))
        }
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        let request = EngineRequest(
            inputName: "clip",
            outputs: [.init(name: name, preset: try presets.preset("web"))],
            threads: 1
        )
        let path = workspace.path(name)
        _ = try await engine.run(request, input: FileInput(clip), output: .streams([try FileOutput(path)]))
        #expect(try Judge.frameNumbers(path).map(\.number) == Array(0..<60))
    }

    @Test("The next run uses it, and the one after that starts its own")
    func isUsedOnce() async throws {
        engine.prepare()
        engine.prepare()
        try await waitForStart()
        try await run(into: "first.mp4")
        #expect(starts.count == 1)
        try await run(into: "second.mp4")
        #expect(starts.count == 2)
    }

    @Test("A run does not notice that it died")
    func mayDie() async throws {
        engine.prepare()
        try await waitForStart()
        for id in starts { kill(id, SIGKILL) }
        try await Task.sleep(for: .milliseconds(200))
        try await run(into: "out.mp4")
        #expect(starts.count == 2)
    }

    @Test("It ends with the engine that was to use it")
    func endsWithItsOwner() async throws {
        var owner: EngineProcess? = EngineProcess(executable: workspace.path("engine"))
        owner?.prepare()
        try await waitForStart()
        owner = nil
        let deadline = ContinuousClock.now + .seconds(20)
        while kill(starts[0], 0) == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(kill(starts[0], 0) != 0)
    }
}
