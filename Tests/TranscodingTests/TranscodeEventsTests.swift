import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("The events of a transcode", .serialized)
struct TranscodeEventsTests {
    private let workspace: Workspace
    private let outputs: URL

    init() throws {
        workspace = try Workspace()
        outputs = try workspace.subfolder("outputs")
    }

    private func events(_ path: String) throws -> TranscodeEvents { try events(.file(path: path)) }

    private func events(_ input: TranscodeInput) throws -> TranscodeEvents {
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        return Transcoder().events(
            TranscodeRequest(
                input: input,
                output: .file(path: outputs.appendingPathComponent("output.mp4").path),
                preset: try presets.preset("web")
            )
        )
    }

    /// What cannot be over before it is left or cancelled, however late that comes.
    private func endless() throws -> TranscodeEvents {
        let file = try FileReader(path: try clip(seconds: 4))
        return try events(.reader(StallingReader(file), name: "clip.mp4"))
    }

    private func clip(seconds: Int) throws -> String {
        try ClipRecipe(seconds: seconds).make(workspace.url("clip.mp4"))
    }

    @Test("Progress rises, and the result comes last and once")
    func ends() async throws {
        var seconds: [Double] = []
        var results: [TranscodeResult] = []
        for try await event in try events(clip(seconds: 2)) {
            #expect(results.isEmpty)
            switch event {
            case .progress(let progress): seconds.append(progress.seconds)
            case .finished(let result): results.append(result)
            }
        }
        #expect(!seconds.isEmpty)
        #expect(seconds == seconds.sorted())
        #expect(results.map(\.frameCount) == [60])
        #expect(contents(of: outputs) == ["output.mp4"])
    }

    @Test("A failure is thrown where the next event would be, and then nothing follows")
    func fails() async throws {
        var iterator = try events(workspace.path("missing.mp4")).makeAsyncIterator()
        await #expect {
            try await iterator.next()
        } throws: { error in
            (error as? TranscodingError)?.code == .inputMissing
        }
        #expect(try await iterator.next() == nil)
    }

    @Test("Whoever leaves the loop ends the work, and nothing is left")
    func leaves() async throws {
        for try await _ in try endless() { break }
        try await expectNothing()
    }

    @Test("Whoever cancels the task ends the work, and nothing is left")
    func cancels() async throws {
        let events = try endless()
        let began = AsyncStream<Void>.makeStream()
        let reader = Task {
            for try await _ in events { began.continuation.yield() }
        }
        for await _ in began.stream { break }
        reader.cancel()
        await #expect {
            try await reader.value
        } throws: { error in
            (error as? TranscodingError)?.code == .cancelled
        }
        try await expectNothing()
    }

    /// The work ends a little later than whoever waits for it learns.
    private func expectNothing() async throws {
        for _ in 0..<500 where !contents(of: outputs).isEmpty {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(contents(of: outputs).isEmpty)
    }
}
