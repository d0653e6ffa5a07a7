import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("Recipes", .serialized)
struct RecipeTests {
    private let workspace: Workspace
    private let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])

    init() throws { workspace = try Workspace() }

    private func sha256(_ path: String) throws -> String {
        String(String(decoding: try Tool("sha256sum").output([path]), as: UTF8.self).prefix(64))
    }

    private func transcode(
        _ preset: String,
        threads: Int,
        seconds: Int = 1,
        to name: String
    ) async throws -> TranscodeResult {
        let input = try ClipRecipe(width: 256, height: 144, seconds: seconds).make(workspace.url("in.mp4"))
        var request = TranscodeRequest(
            inputPath: input,
            outputPath: workspace.path(name),
            preset: try presets.preset(preset)
        )
        request.threads = threads
        return try await Transcoder().transcode(request)
    }

    @Test(
        "A recipe names its source and output by their hashes, and makes the same bytes again",
        arguments: [
            ("generic-320x240", "out.mp4", 1), ("mp3-128k", "out.mp3", 2), ("webm-vp9-360p", "out.webm", 2),
        ]
    )
    func repeats(preset: String, name: String, threads: Int) async throws {
        let result = try await transcode(preset, threads: threads, to: name)
        let recipe = result.recipe
        #expect(recipe.sources.map(\.sha256) == [try sha256(workspace.path("in.mp4"))])
        #expect(recipe.outputSHA256 == (try sha256(workspace.path(name))))
        #expect(recipe.isRepeatable)
        let path = workspace.path("recipe.json")
        try recipe.json.write(to: URL(fileURLWithPath: path))
        let read = try Recipe.read(path)
        #expect(read == recipe)
        let again = try await Reproduction.run(
            read,
            input: workspace.path("in.mp4"),
            rendition: workspace.path(name)
        )
        #expect(again.outcome == .sameBytes)
        #expect(again.notes == [])
    }

    @Test("x264 with several threads and a rate cap is said not to repeat byte for byte")
    func tellsOfThreads() async throws {
        let recipe = try await transcode("generic-320x240", threads: 2, seconds: 3, to: "out.mp4").recipe
        #expect(!recipe.isRepeatable)
        #expect(recipe.videoEncoder?.hasPrefix("x264 - core") == true)
        let again = try await Reproduction.run(
            recipe,
            input: workspace.path("in.mp4"),
            rendition: workspace.path("out.mp4")
        )
        #expect(again.outcome != .different)
    }

    @Test("Another source than the recipe's is refused, another rendition is noticed")
    func notices() async throws {
        let recipe = try await transcode("mp3-128k", threads: 1, to: "out.mp3").recipe
        let other = try ClipRecipe(width: 160, height: 120, seconds: 1).make(workspace.url("other.mp4"))
        let error = await #expect(throws: TranscodingError.self) {
            try await Reproduction.run(recipe, input: other, rendition: nil)
        }
        #expect(error?.code == .inputUnreadable)
        let found = try await Reproduction.run(recipe, input: workspace.path("in.mp4"), rendition: other)
        #expect(found.outcome == .different)
    }
}
