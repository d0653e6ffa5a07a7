import Foundation
import TestMedia
import Testing

/// An input may change its size, its format or the shape of its pixels on the way; the output does not.
@Suite("An input that changes makes one steady output", .serialized)
struct ChangingInputTests {
    /// A part of an input.
    struct Part: Sendable {
        var width = 640
        var height = 360
        var format = "yuv420p"
        var aspect = "1"
        var rate = 30
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let second: Part
        /// Black columns on either side of the second part's pictures, of 640.
        var bars = 0
    }

    static let cases = [
        Case(testDescription: "a smaller size", second: Part(width: 320, height: 180)),
        Case(testDescription: "a larger size", second: Part(width: 1280, height: 720)),
        Case(testDescription: "another aspect", second: Part(width: 480, height: 360), bars: 80),
        Case(testDescription: "other pixels", second: Part(aspect: "3/4"), bars: 80),
        Case(testDescription: "another format", second: Part(format: "yuv422p")),
        Case(testDescription: "full range", second: Part(format: "yuvj420p")),
        Case(testDescription: "another rate", second: Part(rate: 15)),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("All pictures are there, in one size, and none is distorted", arguments: cases)
    func changes(_ changed: Case) throws {
        let input = workspace.url("input.ts")
        let parts = [try make(Part(), "a.ts"), try make(changed.second, "b.ts")]
        // Transport streams may be joined byte by byte; the clock jumps, as it does in broadcasts.
        var data = Data()
        for part in parts { data += try Data(contentsOf: part) }
        try data.write(to: input)
        for way in Way.allCases {
            let output = workspace.url("\(way).mp4")
            let result = try RecastProgram.transcode(input.path, to: output, options: way.options)
            try #require(result.status == 0, "\(way): \(result.errorText)")
            try expectPictures(output.path, changed)
        }
    }

    private func expectPictures(_ output: String, _ changed: Case) throws {
        #expect(try Judge.decodeErrors(output) == [])
        let video = try #require(try Judge.probe(output).video)
        #expect(video.width == 640 && video.height == 360)
        #expect(video.sampleAspectRatio == "1:1")
        let frames = try Judge.frameNumbers(output).map(\.number)
        let second = changed.second.rate
        if changed.bars == 0 {
            #expect(frames == Array(0..<30) + Array(0..<second), "\(frames)")
        } else {
            #expect(frames.count == 30 + second)
            #expect(frames.prefix(30) == Array(0..<30)[...])
        }
        #expect(try bars(output) == changed.bars)
    }

    private func make(_ part: Part, _ name: String) throws -> URL {
        let url = workspace.url(name)
        var recipe = ClipRecipe(width: part.width, height: part.height, seconds: 1, hasSound: false)
        recipe.rate = part.rate
        let offset = name == "b.ts" ? ["-output_ts_offset", "1"] : []
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-y"] + recipe.arguments + [
                "-pix_fmt", part.format, "-aspect", "\(part.width * 3):\(part.height * 3)", "-bsf:v",
                "h264_metadata=sample_aspect_ratio=\(part.aspect)", "-muxdelay", "0",
            ] + offset + [url.path]
        )
        return url
    }

    /// Black columns at the left of the last picture, to the nearest ten.
    private func bars(_ path: String) throws -> Int {
        let bytes = [UInt8](
            try Tool.ffmpeg.output([
                "-nostdin", "-v", "error", "-sseof", "-0.2", "-i", path, "-vf",
                "crop=iw:ih/2:0:ih/3,format=gray,scale=640:1:flags=area", "-frames:v", "1", "-f", "rawvideo",
                "-",
            ])
        )
        let first = bytes.firstIndex { $0 > 30 } ?? bytes.count
        return (first + 5) / 10 * 10
    }
}
