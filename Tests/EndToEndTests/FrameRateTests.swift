import Foundation
import TestMedia
import Testing

/// Rates bounded and exact, automatic ones, keyframes and fields, judged by the numbers in the pictures.
@Suite("Pictures come at the preset's rate", .serialized)
struct FrameRateTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
        "An exact rate repeats and drops pictures, so that each is shown when it should be",
        arguments: [(25, "30", 60), (30, "24", 48), (60, "29.97", 60), (10, "30", 60)]
    )
    func exact(input: Int, rate: String, count: Int) throws {
        for way in Way.allCases { try exact(input: input, rate: rate, count: count, way) }
    }

    private func exact(input: Int, rate: String, count: Int, _ way: Way) throws {
        var preset = PresetFile()
        preset.video["FrameRate"] = rate
        preset.engine["ExactFrameRate"] = true
        let output = try transcode(try numbered(rate: input), preset, way)
        let frames = try Judge.frameNumbers(output)
        let period = 1 / ((rate == "29.97" ? 30_000.0 / 1001 : Double(rate)) ?? 0)
        #expect(abs(frames.count - count) <= 1)
        for (index, frame) in frames.enumerated() {
            #expect(abs(frame.pts - Double(index) * period) < 0.001)
            #expect(abs(Double(frame.number) / Double(input) - frame.pts) <= 1 / Double(input) + 0.001)
        }
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.number <= $1.number })
        let video = try #require(try Judge.probe(output).video)
        #expect(abs((video.averageFrameRate ?? 0) - 1 / period) < 0.01)
        #expect(abs((video.lowestFrameRate ?? 0) - 1 / period) < 0.01)
    }

    @Test(
        "A bounded rate keeps slower pictures as they are, an automatic one divides faster ones evenly",
        arguments: [
            (25, "30", nil, 25.0), (60, "auto", "30", 30.0), (50, "auto", "30", 25.0), (12, "auto", nil, 12),
        ]
            as [(Int, String, String?, Double)]
    )
    func bounded(input: Int, rate: String, max: String?, expected: Double) throws {
        for way in Way.allCases { try bounded(input: input, rate: rate, max: max, expected: expected, way) }
    }

    private func bounded(input: Int, rate: String, max: String?, expected: Double, _ way: Way) throws {
        var preset = PresetFile()
        preset.video["FrameRate"] = rate
        if let max { preset.video["MaxFrameRate"] = max }
        let output = try transcode(try numbered(rate: input), preset, way)
        let frames = try Judge.frameNumbers(output)
        #expect(frames.count == Int(expected * 2))
        #expect(frames.map(\.number) == (0..<Int(expected * 2)).map { $0 * input / Int(expected) })
    }

    @Test(
        "A long still is shown for as long as it was, at a constant rate and in fields",
        arguments: [true, false]
    )
    func longStill(isInterlaced: Bool) throws {
        let input = workspace.path("still.mp4")
        // A picture at 0 s and one at 20 s.
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=1:d=2", "-vf",
            "setpts='if(eq(N,0),0,20/TB)'", "-fps_mode", "passthrough", "-c:v", "libx264", input,
        ])
        var preset = PresetFile()
        preset.video["FrameRate"] = "10"
        preset.engine["ExactFrameRate"] = true
        if isInterlaced { preset.options["InterlacedMode"] = "TopFirst" }
        let output = try transcode(input, preset)
        #expect(try Judge.packets(output).count == 210)
    }

    @Test("Keyframes of a fixed GOP come exactly as often as the preset says, cuts or not")
    func fixedGOP() throws {
        let cuts = workspace.path("cuts.mp4")
        let parts = (0..<6).map {
            "\($0 % 2 == 0 ? "testsrc2" : "mandelbrot")=s=320x180:r=30,trim=end_frame=11,setsar=1[p\($0)]"
        }
        let graph =
            parts.joined(separator: ";") + ";"
            + (0..<6).map { "[p\($0)]" }.joined() + "concat=n=6,format=yuv420p[v]"
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264",
            "-preset", "ultrafast", "-g", "20", cuts,
        ])
        var preset = PresetFile()
        preset.video["FixedGOP"] = "true"
        preset.video["KeyframesMaxDist"] = "25"
        for way in Way.allCases {
            let output = try transcode(cuts, preset, way)
            let pictures = try Judge.packets(output).sorted { $0.pts < $1.pts }
            #expect(pictures.count == 66)
            let keys = pictures.enumerated().filter(\.element.isKeyframe).map(\.offset)
            #expect(keys == [0, 25, 50], "\(way)")
        }
    }

    @Test("An interlaced output shows each field in its turn", arguments: ["TopFirst", "BottomFirst"])
    func interlaced(mode: String) throws {
        var preset = PresetFile()
        preset.video["FrameRate"] = "25"
        preset.options["InterlacedMode"] = mode
        preset.options["Profile"] = "high"
        let output = try transcode(try numbered(rate: 50), preset)
        let order = String(
            decoding: try Tool.ffprobe.output([
                "-v", "error", "-select_streams", "v:0", "-show_entries",
                "frame=interlaced_frame,top_field_first",
                "-of", "csv=p=0", output,
            ]),
            as: UTF8.self
        )
        let lines = Set(order.split(whereSeparator: \.isNewline).map { $0.filter { "01".contains($0) } })
        #expect(lines == [mode == "TopFirst" ? "11" : "10"], "\(order)")
        let video = try #require(try Judge.probe(output).video)
        #expect(video.averageFrameRate == 25)
        let fields = workspace.path("fields.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-i", output, "-vf", "separatefields", "-c:v", "libx264", "-qp",
            "10",
            "-preset", "ultrafast", fields,
        ])
        #expect(try Judge.frameNumbers(fields).map(\.number) == Array(0..<100))
    }

    @Test("The pictures of a film in a 3:2 pulldown are all there, and evenly spaced")
    func telecine() throws {
        let film = workspace.path("film.m2v")
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-y"] + recipe(rate: 24).arguments.prefix(4)
                + ["-c:v", "mpeg2video", "-q:v", "2", "-bf", "0", "-f", "mpeg2video", film]
        )
        let flagged = workspace.path("flagged.m2v")
        try pulledDown(try Data(contentsOf: URL(fileURLWithPath: film)))
            .write(to: URL(fileURLWithPath: flagged))
        let input = workspace.path("film.ts")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-fflags", "+genpts", "-i", flagged, "-c", "copy", input,
        ])
        for way in Way.allCases { try expectFilm(try transcode(input, PresetFile(), way)) }
    }

    private func expectFilm(_ output: String) throws {
        let frames = try Judge.frameNumbers(output)
        #expect(frames.map(\.number) == Array(0..<frames.count))
        #expect(frames.count >= 46)
        // The container gives the last picture a time that is half a field early.
        let steps = zip(frames, frames.dropFirst()).map { $1.pts - $0.pts }.dropFirst().dropLast()
        #expect(steps.allSatisfy { abs($0 - 1001.0 / 24_000) < 0.002 }, "\(steps)")
    }

    private func recipe(rate: Int) -> ClipRecipe {
        var recipe = ClipRecipe(width: 320, height: 240, seconds: 2, hasSound: false)
        recipe.rate = rate
        return recipe
    }

    private func numbered(rate: Int) throws -> String {
        try recipe(rate: rate).make(workspace.url("input-\(rate).mp4"))
    }

    private func transcode(_ input: String, _ preset: PresetFile, _ way: Way = .whole) throws -> String {
        let output = workspace.url("\(way).mp4")
        let path = try preset.write(workspace.url("preset.json"))
        let result = try RecastProgram.tool.run(
            [
                "transcode", input, "-o", output.path, "--preset", path, "--force",
            ] + way.options
        )
        try #require(result.status == 0, "\(result.errorText)")
        #expect(try Judge.decodeErrors(output.path) == [])
        return output.path
    }

    /// Marks a stream as 60 fields a second with pictures of three and two fields (ISO/IEC 13818-2 §6.2.3).
    private func pulledDown(_ stream: Data) -> Data {
        var data = stream
        var isTopFirst = true
        var number = 0
        for place in 0..<(data.count - 8)
        where data[place] == 0 && data[place + 1] == 0 && data[place + 2] == 1 {
            let code = data[place + 3]
            let kind = data[place + 4] >> 4
            // The rate of a sequence becomes 30000/1001, and it is no longer progressive.
            if code == 0xb3 { data[place + 7] = data[place + 7] & 0xf0 | 4 }
            if code == 0xb5, kind == 1 { data[place + 5] &= ~0x08 }
            guard code == 0xb5, kind == 8 else { continue }
            let repeats = number % 2 == 0
            data[place + 7] = data[place + 7] & ~0x82 | (isTopFirst ? 0x80 : 0) | (repeats ? 2 : 0)
            data[place + 8] |= 0x80
            if repeats { isTopFirst.toggle() }
            number += 1
        }
        return data
    }
}
