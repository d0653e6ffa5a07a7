import Foundation
import TestMedia
import Testing

@testable import Transcoding

/// Damages small clips at random, with a seed.
///
/// `MUTATION_SEED` is where the seeds begin.
@Suite("Damaged inputs", .serialized)
struct MutationTests {
    private static let count = 300
    private static let firstSeed =
        ProcessInfo.processInfo.environment["MUTATION_SEED"]
        .flatMap { UInt64($0) } ?? 0

    /// A clip to be damaged, and how it looks undamaged.
    private struct Clip: Sendable {
        let name: String
        let bytes: Data
        let rendition: String
        let duration: Double
    }

    private enum Verdict: Sendable {
        case refused(TranscodingError.Code)
        case marked
        case whole
        case unnoticed(String)
        case late
    }

    private let workspace: Workspace
    private let preset: Preset

    init() throws {
        workspace = try Workspace()
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        preset = try presets.preset("generic-320x240")
    }

    private static let recipes: [(name: String, options: [String])] = [
        ("clip.mp4", ["-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"]),
        ("clip.mkv", ["-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"]),
        ("clip.ts", ["-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"]),
        (
            "vp8.webm",
            [
                "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-b:v", "300k", "-c:a",
                "libvorbis",
            ]
        ),
        (
            "vp9.webm",
            [
                "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-c:a",
                "libopus",
            ]
        ),
        ("clip.avi", ["-c:v", "mpeg4", "-q:v", "4", "-c:a", "libmp3lame"]),
    ]

    private func make(_ recipe: (name: String, options: [String])) async throws -> Clip {
        let path = workspace.path(recipe.name)
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i",
                "testsrc2=size=160x120:rate=12:duration=1.5,format=yuv420p", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=44100:duration=1.5", "-g", "12",
                // The same bytes each time: no random numbers, and no threads.
                "-fflags", "+bitexact", "-flags", "+bitexact", "-threads", "1",
            ] + recipe.options + [path]
        )
        let rendition = workspace.path("whole-\(recipe.name).mp4")
        let result = try await transcode(path, rendition)
        #expect(result.damage == nil, "\(recipe.name): \(String(describing: result.damage))")
        return Clip(
            name: recipe.name,
            bytes: try Data(contentsOf: URL(fileURLWithPath: path)),
            rendition: rendition,
            duration: result.duration
        )
    }

    private func transcode(_ input: String, _ output: String) async throws -> TranscodeResult {
        var request = TranscodeRequest(inputPath: input, outputPath: output, preset: preset)
        request.threads = 1
        return try await Transcoder().transcode(request)
    }

    private func judge(_ clip: Clip, _ mutation: Mutation) async throws -> Verdict {
        let url = workspace.url("\(mutation.seed)-\(clip.name)")
        let output = workspace.path("\(mutation.seed).mp4")
        try mutation.apply(to: clip.bytes).write(to: url)
        defer {
            try? FileManager.default.removeItem(at: url)
            try? FileManager.default.removeItem(atPath: output)
        }
        let start = Date()
        let result: TranscodeResult
        do {
            result = try await transcode(url.path, output)
        } catch let error as TranscodingError {
            #expect(!FileManager.default.fileExists(atPath: output), "\(clip.name), \(mutation)")
            return .refused(error.code)
        }
        guard Date().timeIntervalSince(start) < 30 else { return .late }
        guard result.damage == nil else { return .marked }
        let files = FileManager.default
        if files.contents(atPath: output) == files.contents(atPath: clip.rendition) { return .whole }
        let likeness = try Judge.likeness(output, original: clip.rendition)
        let isNear = likeness.isWhole && abs(result.duration - clip.duration) <= 0.05
        return isNear ? .whole : .unnoticed("\(clip.name), \(mutation): \(likeness), \(result.duration) s")
    }

    @Test("300 damaged files are refused, marked or come out whole", .timeLimit(.minutes(10)))
    func survives() async throws {
        print("mutation seeds from \(MutationTests.firstSeed)")
        var clips: [Clip] = []
        for recipe in MutationTests.recipes { clips.append(try await make(recipe)) }
        var verdicts: [Verdict] = []
        try await withThrowingTaskGroup(of: Verdict.self) { group in
            for index in 0..<MutationTests.count {
                if index >= 2, let verdict = try await group.next() { verdicts.append(verdict) }
                // Each kind of damage meets each clip.
                let clip = clips[(index + index / clips.count) % clips.count]
                let mutation = Mutation(seed: MutationTests.firstSeed + UInt64(index))
                group.addTask { try await judge(clip, mutation) }
            }
            for try await verdict in group { verdicts.append(verdict) }
        }
        var unnoticed: [String] = []
        for verdict in verdicts {
            switch verdict {
            case .refused(let code):
                // The engine may not blame itself or its output for what the input is.
                #expect(code.rawValue.hasPrefix("input."), "\(code.rawValue)")
            case .late: Issue.record("a damaged file took over 30 s")
            case .unnoticed(let words): unnoticed.append(words)
            case .marked, .whole: break
            }
        }
        #expect(verdicts.count == MutationTests.count)
        #expect(unnoticed.isEmpty, "\(unnoticed)")
    }
}
