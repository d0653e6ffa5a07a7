import Foundation
import TestMedia
import Testing

/// Each sizing and padding policy, from the preset's words to the pixels.
@Suite("Pictures are placed as the preset says", .serialized)
struct SizingPolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sizing: String
        let padding: String
        let box: (Int, Int)
        /// The output's size, and the part of it that shows the input.
        let canvas: (Int, Int)
        let content: (Int, Int)

        var testDescription: String { "\(sizing) \(padding) in \(box)" }
    }

    /// Of an input of 320x240.
    static let cases: [Case] = {
        var cases: [Case] = []
        func add(_ sizing: String, _ box: (Int, Int), _ content: (Int, Int), isEverPadded: Bool = true) {
            cases.append(
                Case(sizing: sizing, padding: "NoPad", box: box, canvas: content, content: content)
            )
            let canvas = isEverPadded ? box : content
            cases.append(Case(sizing: sizing, padding: "Pad", box: box, canvas: canvas, content: content))
        }
        let (large, small) = ((480, 480), (160, 160))
        add("Fit", large, (480, 360))
        add("Fit", small, (160, 120))
        add("ShrinkToFit", large, (320, 240))
        add("ShrinkToFit", small, (160, 120))
        add("Fill", large, large, isEverPadded: false)
        add("Fill", small, small, isEverPadded: false)
        add("ShrinkToFill", large, (320, 240))
        add("ShrinkToFill", small, small)
        add("Stretch", large, large, isEverPadded: false)
        add("Keep", large, (320, 240))
        add("Keep", small, small)
        return cases
    }()

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Size, bars and corners are those of the policy", arguments: cases)
    func policy(_ expected: Case) throws {
        let input = try makeQuarters(320, 240)
        let preset = PresetFile(
            expected.sizing,
            expected.padding,
            width: expected.box.0,
            height: expected.box.1
        )
        let video = try transcode(input, preset)
        #expect(video.width == expected.canvas.0 && video.height == expected.canvas.1)
        #expect(video.sampleAspectRatio == "1:1")
        let found = try content(width: expected.canvas.0, height: expected.canvas.1)
        // Coding blurs an edge by a pixel or two.
        let left = (expected.canvas.0 - expected.content.0) / 2
        let top = (expected.canvas.1 - expected.content.1) / 2
        #expect(abs(found.left - left) <= 3 && abs(found.top - top) <= 3, "\(found)")
        #expect(abs(found.right - (left + expected.content.0 - 1)) <= 3, "\(found)")
        #expect(abs(found.bottom - (top + expected.content.1 - 1)) <= 3, "\(found)")
        #expect(abs(found.across - expected.canvas.0 / 2) <= 3, "the middle stays in the middle: \(found)")
        #expect(abs(found.down - expected.canvas.1 / 2) <= 3, "the middle stays in the middle: \(found)")
    }

    @Test("A turned input is placed upright")
    func turned() throws {
        let upright = try makeQuarters(320, 240)
        let input = workspace.path("turned.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-i", upright, "-c", "copy", "-metadata:s:v", "rotate=90", input,
        ])
        let video = try transcode(input, PresetFile("Fit", "Pad", width: 480, height: 480))
        #expect(video.width == 480 && video.height == 480)
        let found = try content(width: 480, height: 480)
        #expect(abs(found.left - 60) <= 3 && abs(found.right - 419) <= 3, "\(found)")
        #expect(found.top <= 3 && found.bottom >= 476, "\(found)")
    }

    @Test(
        "A display aspect ratio gives pixels their shape, and the picture stays in proportion",
        arguments: [(640, 360, "32:27", 0), (640, 480, "32:27", 90)]
    )
    func displayAspect(width: Int, height: Int, aspect: String, bars: Int) throws {
        var preset = PresetFile("Fit", "Pad", width: 720, height: 480)
        preset.video["DisplayAspectRatio"] = "16:9"
        let video = try transcode(try makeQuarters(width, height), preset)
        #expect(video.width == 720 && video.height == 480)
        #expect(video.sampleAspectRatio == aspect)
        let found = try content(width: 720, height: 480)
        #expect(abs(found.left - bars) <= 3 && abs(found.right - (719 - bars)) <= 3, "\(found)")
        #expect(found.top <= 3 && found.bottom >= 476, "\(found)")
    }

    private func transcode(_ input: String, _ preset: PresetFile) throws -> ProbedStream {
        let output = workspace.url("output.mp4")
        let path = try preset.write(workspace.url("preset.json"))
        let result = try RecastProgram.tool.run([
            "transcode", input, "-o", output.path, "--preset", path, "--force",
        ])
        try #require(result.status == 0, "\(result.errorText)")
        return try #require(try Judge.probe(output.path).video)
    }

    /// A picture of four bright quarters.
    private func makeQuarters(_ width: Int, _ height: Int) throws -> String {
        let path = workspace.path("input-\(width)x\(height).mp4")
        let half = "s=\(width / 2)x\(height / 2):r=10:d=0.3"
        let graph =
            "color=c=red:\(half)[a];color=c=lime:\(half)[b];color=c=yellow:\(half)[c];color=c=white:\(half)[d];"
            + "[a][b]hstack[top];[c][d]hstack[bottom];[top][bottom]vstack,format=yuv420p[v]"
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264",
            "-qp", "8", path,
        ])
        return path
    }

    /// Where the picture is neither black nor of another quarter.
    private func content(width: Int, height: Int) throws -> (
        left: Int, top: Int, right: Int, bottom: Int, across: Int, down: Int
    ) {
        let pixels = [UInt8](
            try Tool.ffmpeg.output([
                "-nostdin", "-v", "error", "-i", workspace.path("output.mp4"), "-vf",
                "format=gbrp,format=rgb24",
                "-frames:v", "1", "-f", "rawvideo", "-",
            ])
        )
        try #require(pixels.count == width * height * 3)
        func at(_ x: Int, _ y: Int) -> (red: Bool, green: Bool, blue: Bool) {
            let place = (y * width + x) * 3
            return (pixels[place] > 100, pixels[place + 1] > 100, pixels[place + 2] > 100)
        }
        func isShown(_ x: Int, _ y: Int) -> Bool { at(x, y).red || at(x, y).green }
        // A quarter off the middle, because the middle itself is an edge.
        let (column, row) = (width / 2 - 20, height / 2 - 20)
        let columns = (0..<width).filter { isShown($0, row) }
        let rows = (0..<height).filter { isShown(column, $0) }
        // From red to green in the upper half, from red to yellow in the left one.
        let across = columns.first { at($0, row).green } ?? -1
        let down = rows.first { at(column, $0).green } ?? -1
        return (columns.first ?? -1, rows.first ?? -1, columns.last ?? -1, rows.last ?? -1, across, down)
    }
}
