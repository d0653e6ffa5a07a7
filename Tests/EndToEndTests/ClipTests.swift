import Foundation
import TestMedia
import Testing

/// Parts of inputs, judged by the number in each picture and the beep of each second.
@Suite("A part of an input", .serialized)
struct ClipTests {
    /// One way to hold six numbered seconds.
    struct Holder: Sendable, CustomTestStringConvertible {
        let file: String
        let arguments: [String]
        var testDescription: String { file }
    }

    static let holders = [
        Holder(file: "a.mp4", arguments: ["-c", "copy"]),
        Holder(file: "a.mkv", arguments: ["-c:v", "copy", "-c:a", "flac"]),
        Holder(file: "a.ts", arguments: ["-c", "copy"]),
        Holder(file: "a.flv", arguments: ["-c", "copy"]),
        Holder(
            file: "a.mpg",
            arguments: ["-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-g", "15", "-c:a", "mp2"]
        ),
        // Without index and duration, as a browser records.
        Holder(file: "live.mkv", arguments: ["-c", "copy", "-live", "1"]),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func base(_ rate: Int = 30) throws -> String {
        var recipe = ClipRecipe(width: 320, height: 180, seconds: 6)
        recipe.rate = rate
        return try recipe.make(workspace.url("base.mkv"))
    }

    private func cut(_ input: String, _ options: [String]) throws -> (frames: [NumberedFrame], path: String) {
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(input, to: output, options: options)
        try #require(result.status == 0, "\(result.errorText)")
        #expect(try Judge.decodeErrors(output.path) == [])
        return (try Judge.frameNumbers(output.path), output.path)
    }

    @Test("It has exactly its pictures, and sound to the sample", arguments: holders)
    func isExact(holder: Holder) throws {
        let input = workspace.path(holder.file)
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-i", try base(), "-map", "0"] + holder.arguments + [input]
        )
        let numbers = try Judge.frameNumbers(input)
        let beeps = try Judge.beepTimes(input)
        let (frames, path) = try cut(input, ["--start", "2.5", "--duration", "2"])
        // The clock of some containers starts anywhere, and their first picture may be there twice.
        let start = try #require(numbers.first).pts + 2.5 - 0.4 / 30
        let shown = numbers.filter { ($0.pts - start).sign == .plus && $0.pts < start + 2 }.map(\.number)
        #expect(shown.count == 60 && frames.map(\.number) == shown)
        #expect(frames.first?.pts == 0)
        let made = try Judge.beepTimes(path)
        #expect(made.count == 2)
        for (number, beep) in zip([90, 120], made) {
            let before = try #require(numbers.last { $0.number == number }).pts
            let distance = try #require(beeps.map { $0 - before }.min { abs($0) < abs($1) })
            let picture = try #require(frames.last { $0.number == number }).pts
            #expect(abs(beep - picture - distance) < 0.025, "\(beep), \(picture), \(distance)")
        }
        let length = try #require(try Judge.probe(path).audio?.duration)
        #expect(abs(length - 2) < 0.0005, "\(length)")
    }

    @Test(
        "A start between two pictures shows the one that is shown then",
        arguments: [("1.01", 30), ("1.015", 31), ("0:00:01.03", 31)]
    )
    func startsBetween(start: String, first: Int) throws {
        let (frames, _) = try cut(try base(), ["--start", start, "--duration", "1"])
        #expect(frames.map(\.number) == Array(first..<(first + 30)))
    }

    @Test("A picture that is shown for long is there from the start to the end of a part of its time")
    func holdsStill() throws {
        let input = workspace.path("still.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-i", try base(), "-vf", "select='lt(n,60)+gt(n,150)'", "-fps_mode",
            "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", input,
        ])
        let (frames, path) = try cut(input, ["--start", "3", "--duration", "1.5"])
        #expect(Set(frames.map(\.number)) == [59])
        #expect(frames.first?.pts == 0)
        let length = try #require(try Judge.probe(path).video?.duration)
        #expect(abs(length - 1.5) < 0.05, "\(length)")
    }

    @Test("An edit list counts: the part is of what is shown")
    func respectsEditList() throws {
        let input = workspace.path("edited.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-ss", "0.7", "-i", try base(), "-map", "0", "-c", "copy", input,
        ])
        let shown = try Judge.frameNumbers(input)
        let first = try #require(shown.first { $0.pts >= 2.99 }).number
        let (frames, _) = try cut(input, ["--start", "3", "--duration", "1"])
        #expect(frames.map(\.number) == Array(first..<(first + 30)))
    }

    @Test("It goes to the input's end where that comes first")
    func endsEarly() throws {
        let (frames, _) = try cut(try base(), ["--start", "5", "--duration", "100"])
        #expect(frames.map(\.number) == Array(150..<180))
    }

    @Test("A start after the end is refused with the input's length", arguments: ["a.mp4", "live.mkv"])
    func refusesBeyond(file: String) throws {
        let holder = try #require(Self.holders.first { $0.file == file })
        let input = workspace.path(holder.file)
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-i", try base(), "-map", "0"] + holder.arguments + [input]
        )
        let outputs = try workspace.subfolder("outputs")
        let result = try RecastProgram.transcode(input, to: outputs, options: ["--start", "7"])
        expectRefusal(result, status: 3, folder: outputs)
        #expect(result.errorText.contains("input.too-short") && result.errorText.contains("6.0"))
    }

    @Test(
        "Times nobody understands are a usage error",
        arguments: [
            ["--start", "x"], ["--start", "1:75"], ["--duration", "0"], ["--start=-1"], ["--loudness", "3"],
            ["--start", "1", "--start", "2"],
        ]
    )
    func refusesTimes(options: [String]) throws {
        let outputs = try workspace.subfolder("outputs")
        let result = try RecastProgram.transcode(Samples.path("surround.mp4"), to: outputs, options: options)
        #expect(result.status == 2, "\(result.errorText)")
        #expect(contents(of: outputs) == [])
    }
}
