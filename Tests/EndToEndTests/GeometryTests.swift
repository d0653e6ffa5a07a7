import Foundation
import TestMedia
import Testing

/// Whatever way round and in whatever shape the pixels are stored, the output is upright and in proportion.
@Suite("Pictures stand upright and keep their proportions", .serialized)
struct GeometryTests {
    /// The part of a track's display matrix that turns and flips (ISO/IEC 14496-12 §8.3.2).
    struct Matrix: Sendable, CustomTestStringConvertible {
        let a: Int, b: Int, c: Int, d: Int

        var swapsAxes: Bool { a == 0 }
        var testDescription: String { "(\(a) \(b); \(c) \(d))" }

        /// Where the matrix shows a corner; -1 is left or top, 1 is right or bottom.
        func shows(_ x: Int, _ y: Int) -> [Int] { [a * x + c * y, b * x + d * y] }
    }

    static let matrices = [
        Matrix(a: 1, b: 0, c: 0, d: 1), Matrix(a: 0, b: 1, c: -1, d: 0), Matrix(a: -1, b: 0, c: 0, d: -1),
        Matrix(a: 0, b: -1, c: 1, d: 0), Matrix(a: -1, b: 0, c: 0, d: 1), Matrix(a: 1, b: 0, c: 0, d: -1),
        Matrix(a: 0, b: 1, c: 1, d: 0), Matrix(a: 0, b: -1, c: -1, d: 0),
    ]

    /// The colour of each corner of the stored picture.
    private static let corners: [(x: Int, y: Int, color: String, name: Character)] = [
        (-1, -1, "red", "r"), (1, -1, "lime", "g"), (-1, 1, "blue", "b"), (1, 1, "white", "w"),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("A display matrix is carried out and leaves no trace", arguments: matrices)
    func turns(matrix: Matrix) throws {
        let path = try makeCorners(width: 320, height: 240)
        try patch(path, matrix)
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(path, to: output)
        try #require(result.status == 0, "\(result.errorText)")
        let video = try #require(try Judge.probe(output.path).video)
        #expect(video.width == (matrix.swapsAxes ? 240 : 320))
        #expect(video.height == (matrix.swapsAxes ? 320 : 240))
        #expect(video.rotation == nil)
        let seen = try cornerColors(output.path)
        for corner in Self.corners {
            let place = matrix.shows(corner.x, corner.y)
            #expect(seen[place] == corner.name, "\(corner.color) at \(place): \(seen)")
        }
    }

    @Test(
        "Sizes and pixel shapes become square pixels inside 1280x720, even on both sides",
        arguments: [
            ("720x576", "64/45", 1024, 576), ("720x480", "8/9", 640, 480), ("1440x1080", "4/3", 1280, 720),
            ("853x481", "1/1", 852, 480), ("1920x1080", "1/1", 1280, 720), ("1080x1920", "1/1", 404, 720),
            ("1921x1081", "1/1", 1280, 720), ("64x64", "1/1", 64, 64), ("3840x1600", "1/1", 1280, 534),
            ("1001x99", "1/1", 1000, 98),
        ]
    )
    func fits(size: String, aspect: String, width: Int, height: Int) throws {
        let input = workspace.path("input.mp4")
        // 4:4:4, because 4:2:0 cannot be odd.
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
            "testsrc2=size=\(size):rate=30:duration=0.5",
            "-vf", "setsar=\(aspect)", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p",
            input,
        ])
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(input, to: output)
        try #require(result.status == 0, "\(result.errorText)")
        let video = try #require(try Judge.probe(output.path).video)
        #expect(video.width == width && video.height == height, "\(video.width ?? 0)x\(video.height ?? 0)")
        #expect(video.sampleAspectRatio == "1:1")
        #expect(try Judge.decodeErrors(output.path) == [])
    }

    private func makeCorners(width: Int, height: Int) throws -> String {
        let path = workspace.path("input.mp4")
        let half = "\(width / 2)x\(height / 2)"
        let quarters = Self.corners.enumerated()
            .map { "color=c=\($1.color):s=\(half):r=30:d=0.5[c\($0)]" }
            .joined(separator: ";")
        let graph =
            quarters + ";[c0][c1]hstack[top];[c2][c3]hstack[bottom];[top][bottom]vstack,format=yuv420p[v]"
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", path,
        ])
        return path
    }

    /// Writes a matrix into the track header, whose matrix lies 40 bytes behind the box's type.
    private func patch(_ path: String, _ matrix: Matrix) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        let type = try #require(data.range(of: Data("tkhd".utf8)))
        let start = type.upperBound + 40
        let one = 0x1_0000
        let values = [
            matrix.a * one, matrix.b * one, 0, matrix.c * one, matrix.d * one, 0, 0, 0, 0x4000_0000,
        ]
        let bytes = values.flatMap { value in
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).bigEndian) { Array($0) }
        }
        data.replaceSubrange(start..<start + 36, with: bytes)
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// The colours in the middle of the four quarters of the first picture.
    private func cornerColors(_ path: String) throws -> [[Int]: Character] {
        let pixels = [UInt8](
            try Tool.ffmpeg.output([
                "-nostdin", "-v", "error", "-i", path, "-vf", "format=gbrp,scale=2:2:flags=area,format=rgb24",
                "-frames:v", "1", "-f", "rawvideo", "-",
            ])
        )
        try #require(pixels.count == 12)
        var colors: [[Int]: Character] = [:]
        for (index, place) in [[-1, -1], [1, -1], [-1, 1], [1, 1]].enumerated() {
            let (red, green, blue) = (
                pixels[index * 3] > 128, pixels[index * 3 + 1] > 128, pixels[index * 3 + 2] > 128
            )
            switch (red, green, blue) {
            case (true, false, false): colors[place] = "r"
            case (false, true, false): colors[place] = "g"
            case (false, false, true): colors[place] = "b"
            case (true, true, true): colors[place] = "w"
            default: colors[place] = "?"
            }
        }
        return colors
    }
}
