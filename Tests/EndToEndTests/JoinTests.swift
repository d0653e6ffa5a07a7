import Foundation
import TestMedia
import Testing

/// Several inputs in one output, judged by the number in each picture and the beep of each second.
@Suite("Inputs joined", .serialized)
struct JoinTests {
    private let workspace: Workspace
    private let output: URL

    init() throws {
        workspace = try Workspace()
        output = workspace.url("output.mp4")
    }

    private func clip(
        _ name: String,
        _ width: Int,
        rate: Int,
        seconds: Int = 2,
        _ arguments: [String] = ["-c", "copy"]
    ) throws -> String {
        var recipe = ClipRecipe(width: width, height: width * 9 / 16, seconds: seconds)
        recipe.rate = rate
        let base = try recipe.make(workspace.url("base-\(name).mp4"))
        let path = workspace.path(name)
        try Tool.ffmpeg.output(["-nostdin", "-v", "error", "-i", base] + arguments + [path])
        return path
    }

    private func join(_ inputs: [String], _ options: [String] = [], preset: String = "web") throws {
        let result = try RecastProgram.tool.run(
            ["transcode"] + inputs + ["--join", "-o", output.path, "--preset", preset] + options
        )
        try #require(result.status == 0, "\(result.errorText)")
        #expect(try Judge.decodeErrors(output.path) == [])
    }

    @Test(
        "Sizes, rates, codecs and layouts may differ; each picture is there once, and each beep in its place"
    )
    func joinsAll() throws {
        let first = try clip("a.mp4", 640, rate: 30)
        let second = try clip(
            "b.webm",
            320,
            rate: 25,
            ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-c:a", "libopus"]
        )
        let silent = try clip("c.mkv", 640, rate: 24, ["-map", "0:v", "-c", "copy"])
        let surround = try clip("d.mov", 480, rate: 30, ["-c:v", "copy", "-c:a", "pcm_s16le", "-ac", "6"])
        try join([first, second, silent, surround])
        let frames = try Judge.frameNumbers(output.path)
        let expected = Array(0..<60) + Array(0..<50) + Array(0..<48) + Array(0..<60)
        #expect(frames.map(\.number) == expected)
        let probe = try Judge.probe(output.path)
        #expect(probe.video?.width == 640 && probe.video?.height == 360)
        let length = try #require(probe.video?.duration)
        #expect(abs(length - 8) < 0.1, "\(length)")
        // Each beep of an input with sound comes with its picture.
        let beeps = try Judge.beepTimes(output.path)
        let starts = [0, 30, 60, 85, 158, 188].compactMap { $0 < frames.count ? frames[$0].pts : nil }
        #expect(beeps.count == starts.count, "\(beeps)")
        for (beep, start) in zip(beeps, starts) { #expect(abs(beep - start) <= 0.04, "\(beep), \(start)") }
    }

    @Test("Two parts of an input that meet are the input again", arguments: ["2.51", "1.5", "0.017"])
    func meets(cut: String) throws {
        let input = try clip("a.mp4", 320, rate: 30, seconds: 4)
        let options = ["--start", "-", "--start", cut, "--duration", cut, "--duration", "-"]
        try join([input, input], options)
        let frames = try Judge.frameNumbers(output.path)
        #expect(frames.map(\.number) == Array(0..<120))
        for (index, frame) in frames.enumerated() { #expect(abs(frame.pts - Double(index) / 30) < 0.021) }
        let beeps = try Judge.beepTimes(output.path)
        #expect(beeps.count == 4, "\(beeps)")
        for (second, beep) in beeps.enumerated() { #expect(abs(beep - Double(second)) < 0.003, "\(beeps)") }
    }

    @Test("Sound alone is joined to the sample, and an input without sound is silent for its time")
    func joinsSound() throws {
        let first = try clip("a.mp4", 320, rate: 30)
        let silent = try clip("b.mkv", 320, rate: 25, ["-map", "0:v", "-c", "copy"])
        let last = try clip("c.wav", 320, rate: 25, ["-map", "0:a", "-c:a", "pcm_s16le"])
        let options = ["--start", "0.5", "--start", "-", "--start", "0.25", "--duration", "1.25"]
        let durations = ["--duration", "1.9", "--duration", "1.1"]
        try join([first, silent, last], options + durations, preset: "wav-16bit")
        let pcm = try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-i", output.path, "-ac", "1", "-f", "s16le", "-",
        ])
        #expect(pcm.count / 2 == Int(((1.25 + 1.9 + 1.1) * 44_100).rounded()))
        let beeps = try Judge.beepTimes(output.path)
        #expect(beeps.count == 2, "\(beeps)")
        for (beep, expected) in zip(beeps, [0.5, 1.25 + 1.9 + 0.75]) { #expect(abs(beep - expected) < 0.002) }
    }

    @Test("A constant rate goes on over the joint")
    func keepsRate() throws {
        let input = try clip("a.mp4", 320, rate: 24)
        let other = try clip("b.mp4", 320, rate: 30)
        try join([other, input], preset: "hls-400k")
        let times = try Judge.frameNumbers(output.path).map(\.pts)
        #expect(abs(times.count - 120) <= 1)
        #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 1.0 / 30) < 0.002 })
    }

    @Test("An input that cannot be used is refused by its name before any work is done")
    func refusesOne() throws {
        let good = try clip("a.mp4", 320, rate: 30)
        let outputs = try workspace.subfolder("outputs")
        let result = try RecastProgram.tool.run([
            "transcode", good, Samples.path("damaged.mp4"), good, "--join", "-o", outputs.path,
        ])
        expectRefusal(result, status: 3, folder: outputs)
        #expect(result.errorText.contains("damaged.mp4"))
    }
}
