import Foundation
import IsolatedEngine
import TestMedia
import Testing
import Transcoding

// Within the other suite, since the processes of both would be seen by either.
extension EngineProcessTests {
    @Suite("Several outputs of one process")
    struct SeveralOutputs {
        private let workspace: Workspace
        private let engine = EngineProcess(executable: Tool.recast.path)
        private let clip: String
        private let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])

        init() throws {
            workspace = try Workspace()
            clip = try ClipRecipe(width: 320, height: 180, seconds: 2).make(workspace.url("clip.mp4"))
        }

        private func request(_ names: [String]) throws -> EngineRequest {
            let outputs = try names.map { EngineRequest.Output(name: $0, preset: try presets.preset($0)) }
            return EngineRequest(inputName: "clip", outputs: outputs, threads: 1)
        }

        @Test("As streams, each is what it would be alone, and the input is read once")
        func streams() async throws {
            let names = ["web", "generic-480p-16-9", "generic-360p-16-9"]
            let input = try FileInput(clip)
            let outputs = try names.map { try FileOutput(workspace.path("\($0).mp4")) }
            let results = try await engine.run(try request(names), input: input, output: .streams(outputs))
            #expect(results.map(\.outputPath) == names)
            #expect(input.ranges.reduce(0) { $0 + $1.count } == Int(input.byteCount))
            for (name, result) in zip(names, results) {
                let path = workspace.path("\(name).mp4")
                let alone = try FileOutput(workspace.path("alone.mp4"))
                _ = try await engine.run(
                    try request([name]),
                    input: FileInput(clip),
                    output: .streams([alone])
                )
                #expect(
                    try Judge.streamHashes(path) == Judge.streamHashes(workspace.path("alone.mp4")),
                    "\(name)"
                )
                #expect(try Judge.decodeErrors(path) == [])
                #expect(try Judge.frameNumbers(path).map(\.number) == Array(0..<60))
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == Int(result.byteCount))
            }
        }

        @Test("As files, containers that a stream cannot take are made together")
        func files() async throws {
            let names = ["hls-400k", "webm-720p", "web", "mp3-128k"]
            let paths = names.map { workspace.path("\($0).out") }
            let results = try await engine.run(
                try request(names),
                input: FileInput(clip),
                output: .files(paths: paths)
            )
            for (path, result) in zip(paths, results) {
                #expect(try Judge.decodeErrors(path) == [])
                #expect(abs(try #require(try Judge.probe(path).format.duration) - 2) < 0.2)
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == Int(result.byteCount))
            }
        }

        @Test("When the storage of one fails, that is told, and the process is gone")
        func failsOfOne() async throws {
            let good = try FileOutput(workspace.path("good.mp4"))
            let bad = try FileOutput(workspace.path("bad.mp4"), failsFrom: 1000)
            let asked = try request(["web", "generic-360p-16-9"])
            let input = try FileInput(clip)
            let failure = await #expect(throws: EngineFailure.self) {
                try await engine.run(asked, input: input, output: .streams([good, bad]))
            }
            guard case .output(let fault) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(fault as? StorageFault == StorageFault(number: 2))
            #expect(!good.writes.contains { $0.lowerBound == 0 })
            #expect(Children.running.isEmpty)
        }

        @Test("More outputs than a process may have, or fewer places than outputs, are refused")
        func refusesTooMany() async throws {
            let one = try FileOutput(workspace.path("one.mp4"))
            for names in [Array(repeating: "web", count: EngineRequest.maxOutputs + 1), ["web", "web"], []] {
                await #expect(throws: EngineFailure.self) {
                    try await engine.run(try request(names), input: FileInput(clip), output: .streams([one]))
                }
            }
        }
    }
}
