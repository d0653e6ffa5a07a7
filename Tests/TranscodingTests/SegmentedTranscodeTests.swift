import Foundation
import TestMedia
import Testing

@testable import Transcoding

/// Clips with numbered pictures, made as a whole and in ranges of a second and more.
@Suite("A transcode in ranges", .serialized)
struct SegmentedTranscodeTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// A way to store pictures that is hard to cut.
    struct Form: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var rate = 30
        var file = "input.mp4"
        /// libavfilter's, after the numbers are drawn.
        var filter = "null"
        let encoder: [String]
        /// A second pass of ffmpeg that copies what the first made.
        var copy: [String] = []
        var expected = 150
        var exactRate: String?
    }

    static let x264 = ["-c:v", "libx264", "-preset", "veryfast"]
    static let forms = [
        Form(
            testDescription: "closed GOPs with B-frames",
            encoder: x264 + ["-g", "30", "-bf", "3"]
        ),
        Form(
            testDescription: "open GOPs",
            encoder: x264 + ["-x264-params", "open-gop=1:keyint=24:min-keyint=24:bframes=3:scenecut=0"]
        ),
        Form(
            testDescription: "leading pictures of HEVC",
            encoder: [
                "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                "open-gop=1:keyint=24:min-keyint=24:bframes=3:log-level=none:pools=2",
            ]
        ),
        Form(
            testDescription: "a rate that varies",
            filter: "select='gt(mod(n,7),1)*lt(mod(n,50),41)'",
            encoder: x264 + ["-g", "20"],
            expected: 89
        ),
        Form(
            testDescription: "an edit list",
            encoder: x264 + ["-g", "30", "-bf", "2"],
            copy: ["-ss", "0.5"],
            expected: 135
        ),
        Form(
            testDescription: "WebM without an index",
            file: "input.webm",
            encoder: ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25"],
            copy: ["-live", "1"]
        ),
        Form(testDescription: "60 pictures a second", rate: 60, encoder: x264 + ["-g", "50"]),
        Form(testDescription: "MPEG-TS", file: "input.ts", encoder: x264 + ["-g", "25"]),
        Form(
            testDescription: "a turned picture",
            filter: "hflip,vflip",
            encoder: x264 + ["-g", "30"],
            copy: ["-metadata:s:v:0", "rotate=180"]
        ),
        Form(
            testDescription: "an exact rate that repeats pictures",
            rate: 25,
            encoder: x264 + ["-g", "30"],
            exactRate: "30"
        ),
    ]

    private func make(_ form: Form) throws -> String {
        var recipe = ClipRecipe(width: 320, height: 180, seconds: 5, hasSound: false)
        recipe.rate = form.rate
        let graph = recipe.arguments[1] + ";[v]\(form.filter)[w]"
        let first = workspace.path("first-\(form.file)")
        let quiet = ["-nostdin", "-v", "error", "-y"]
        let drawn = ["-filter_complex", graph, "-map", "[w]", "-pix_fmt", "yuv420p", "-fps_mode", "vfr"]
        try Tool.ffmpeg.output(quiet + drawn + form.encoder + [first])
        guard !form.copy.isEmpty else { return first }
        let path = workspace.path(form.file)
        let isSeeking = form.copy.first == "-ss"
        let copying = isSeeking ? form.copy + ["-i", first] : ["-i", first] + form.copy
        try Tool.ffmpeg.output(quiet + copying + ["-c", "copy", path])
        return path
    }

    private func request(_ input: String, _ output: String, exactRate: String? = nil) throws
        -> TranscodeRequest
    {
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        var preset = try presets.preset("web")
        preset.video?.bitsPerSecond = 600_000
        preset.engine.exactFrameRate = exactRate != nil
        var request = TranscodeRequest(inputPath: input, outputPath: output, preset: preset)
        request.leastSegmentSeconds = 1
        request.segments = .count(4)
        request.threads = 2
        return request
    }

    @Test("Every picture is there once, when it is without ranges", arguments: forms)
    func keepsPictures(form: Form) async throws {
        let input = try make(form)
        var whole = try request(input, workspace.path("whole.mp4"), exactRate: form.exactRate)
        whole.segments = .off
        _ = try await Transcoder().transcode(whole)
        let parts = try request(input, workspace.path("parts.mp4"), exactRate: form.exactRate)
        let result = try await Transcoder().transcode(parts)
        let use = try #require(result.segments)
        #expect(use.count >= 2, "\(use.reason ?? "")")
        let expected = try Judge.frameNumbers(whole.outputPath)
        #expect(expected.count == form.expected)
        let numbers = try Judge.frameNumbers(parts.outputPath)
        #expect(numbers == expected)
        #expect(try Judge.decodeErrors(parts.outputPath) == [])
        #expect(result.damage == nil)
        #expect(result.frameCount == expected.count)
    }

    @Test("One, two and four workers make the same bytes, and so does the recipe")
    func isIndependentOfWorkers() async throws {
        let input = workspace.path("input.mp4")
        try ClipRecipe(width: 640, height: 360, seconds: 5).make(workspace.url("input.mp4"))
        var hashes: Set<String?> = []
        var recipes: [Recipe] = []
        for workers in [1, 2, 4] {
            var request = try request(input, workspace.path("\(workers).mp4"))
            request.threads = workers
            let result = try await Transcoder().transcode(request)
            #expect(result.segments?.workers == workers)
            hashes.insert(result.recipe.outputSHA256)
            recipes.append(result.recipe)
        }
        #expect(hashes.count == 1)
        let recipe = try #require(recipes.first)
        #expect(recipe.segments?.starts.count == 4)
        #expect(recipe.isRepeatable)
        let again = try await Reproduction.run(recipe, input: input, rendition: workspace.path("4.mp4"))
        #expect(again.outcome == .sameBytes)
    }

    @Test("What neither has keyframes nor can be cut is made as a whole, and says why")
    func saysWhyNot() async throws {
        let input = try make(
            Form(testDescription: "", encoder: SegmentedTranscodeTests.x264 + ["-g", "1000"])
        )
        let result = try await Transcoder().transcode(request(input, workspace.path("one.mp4")))
        let use = try #require(result.segments)
        #expect(use.count == 1)
        #expect(use.reason?.contains("keyframe") == true)
        #expect(result.recipe.segments == nil)
        #expect(try Judge.frameNumbers(workspace.path("one.mp4")).count == 150)
    }

    @Test("Keyframes that are none are not cut at")
    func distrustsTheIndex() async throws {
        // Pictures that refer to others, each of which the container calls a keyframe.
        let stored = try make(
            Form(testDescription: "", encoder: SegmentedTranscodeTests.x264 + ["-g", "1000", "-bf", "0"])
        )
        let input = workspace.path("lying.mkv")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-i", stored, "-c", "copy", "-write_crc32", "0", "-f",
            "matroska", input,
        ])
        try MatroskaKeyframes.markAll(input)
        let request = try request(input, workspace.path("output.mp4"))
        let result = try await Transcoder().transcode(request)
        #expect(result.segments?.count == 1)
        #expect(result.frameCount == 150)
        #expect(result.damage == nil)
    }

    @Test("A damaged input is refused in ranges as it is without")
    func refusesDamage() async throws {
        let input = try make(SegmentedTranscodeTests.forms[0])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: input))
        for place in stride(from: bytes.count / 5, to: bytes.count * 4 / 5, by: 900) {
            bytes[place] ^= 0x5a
            bytes[place + 1] ^= 0xff
        }
        try bytes.write(to: URL(fileURLWithPath: input))
        let request = try request(input, workspace.path("output.mp4"))
        await #expect { try await Transcoder().transcode(request) } throws: { error in
            (error as? TranscodingError)?.code == .inputDamaged
        }
        #expect(!FileManager.default.fileExists(atPath: request.outputPath))
    }

    @Test("Cancelling leaves nothing behind")
    func cancels() async throws {
        let input = try make(SegmentedTranscodeTests.forms[0])
        let folder = try workspace.subfolder("out")
        var request = try request(input, folder.appendingPathComponent("output.mp4").path)
        request.threads = 1
        let started = AsyncStream<Void>.makeStream()
        // It cannot be over before it is cancelled, however late that comes.
        let gate = DispatchSemaphore(value: 0)
        let task = Task { [request] in
            try await Transcoder().transcode(request) { _ in
                started.continuation.yield()
                gate.wait()
                gate.signal()
            }
        }
        for await _ in started.stream { break }
        task.cancel()
        gate.signal()
        await #expect { try await task.value } throws: { ($0 as? TranscodingError)?.code == .cancelled }
        #expect(contents(of: folder) == [])
    }
}

/// Alters what a Matroska file says of its packets.
private enum MatroskaKeyframes {
    /// Sets the keyframe flag of each SimpleBlock of track 1 (RFC 9559 §10.2).
    static func markAll(_ path: String) throws {
        let url = URL(fileURLWithPath: path)
        var bytes = [UInt8](try Data(contentsOf: url))
        var count = 0
        var index = 0
        while index + 12 < bytes.count {
            if bytes[index] == 0xa3, let length = sizeLength(bytes[index + 1]),
                bytes[index + 1 + length] == 0x81,
                bytes[index + 1 + length + 3] & 0x7f == 0
            {
                bytes[index + 1 + length + 3] |= 0x80
                count += 1
            }
            index += 1
        }
        #expect(count >= 140)
        try Data(bytes).write(to: url)
    }

    private static func sizeLength(_ first: UInt8) -> Int? {
        first == 0 ? nil : first.leadingZeroBitCount + 1
    }
}
