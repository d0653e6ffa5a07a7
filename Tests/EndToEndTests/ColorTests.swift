import Foundation
import TestMedia
import Testing

/// Colours survive every pixel format, range and matrix that phones, browsers and editors write.
@Suite("Colours stay what they are", .serialized)
struct ColorTests {
    struct Coding: Sendable, CustomTestStringConvertible {
        let name: String
        /// zscale's words for how the input is coded.
        let matrix: String
        let range: String
        let pixelFormat: String
        var encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]
        var tags = true
        var file = "a.mp4"
        var size = "1280x720"
        /// zscale's word for the primaries that the patches are converted to; their own without.
        var primaries: String?
        /// The preset's ColorSpaceConversionMode, and the matrix it leads to.
        var conversion: (mode: String, matrix: String)?

        var testDescription: String { name }
    }

    static let codings = [
        Coding(name: "BT.709 limited", matrix: "709", range: "limited", pixelFormat: "yuv420p"),
        Coding(name: "BT.709 full, 4:2:0", matrix: "709", range: "full", pixelFormat: "yuv420p"),
        Coding(name: "BT.709 limited, 10 bits", matrix: "709", range: "limited", pixelFormat: "yuv420p10le"),
        Coding(name: "BT.709 full, 10 bits", matrix: "709", range: "full", pixelFormat: "yuv420p10le"),
        Coding(name: "BT.709 limited, 4:4:4", matrix: "709", range: "limited", pixelFormat: "yuv444p"),
        Coding(
            name: "BT.709 limited, 4:2:2 of 10 bits",
            matrix: "709",
            range: "limited",
            pixelFormat: "yuv422p10le"
        ),
        Coding(
            name: "BT.601 limited, small",
            matrix: "170m",
            range: "limited",
            pixelFormat: "yuv420p",
            size: "640x480"
        ),
        Coding(name: "BT.601 limited, large", matrix: "170m", range: "limited", pixelFormat: "yuv420p"),
        Coding(
            name: "BT.601 full, as cameras write MJPEG",
            matrix: "470bg",
            range: "full",
            pixelFormat: "yuvj420p",
            encoder: ["-c:v", "mjpeg", "-q:v", "2"],
            file: "a.mov",
            size: "640x480"
        ),
        Coding(name: "no tags, large", matrix: "709", range: "limited", pixelFormat: "yuv420p", tags: false),
        Coding(
            name: "no tags, small",
            matrix: "170m",
            range: "limited",
            pixelFormat: "yuv420p",
            tags: false,
            size: "640x480"
        ),
        Coding(
            name: "BT.2020 limited, 10 bits, SDR",
            matrix: "2020_ncl",
            range: "limited",
            pixelFormat: "yuv420p10le",
            primaries: "2020"
        ),
        Coding(
            name: "Display P3, as computers record their screens",
            matrix: "709",
            range: "limited",
            pixelFormat: "yuv420p",
            primaries: "smpte432"
        ),
        Coding(
            name: "RGB",
            matrix: "gbr",
            range: "full",
            pixelFormat: "gbrp",
            encoder: ["-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "2"]
        ),
        Coding(
            name: "RGB of PNG",
            matrix: "gbr",
            range: "full",
            pixelFormat: "rgb24",
            encoder: ["-c:v", "png"],
            file: "a.mov",
            size: "640x480"
        ),
        Coding(
            name: "a palette",
            matrix: "gbr",
            range: "full",
            pixelFormat: "rgb8",
            encoder: ["-c:v", "gif"],
            tags: false,
            file: "a.gif",
            size: "640x480"
        ),
        Coding(
            name: "BT.709 made BT.601 by the preset",
            matrix: "709",
            range: "limited",
            pixelFormat: "yuv420p",
            conversion: ("Bt709toBt601", "smpte170m")
        ),
        Coding(
            name: "BT.601 made BT.709 by the preset",
            matrix: "170m",
            range: "limited",
            pixelFormat: "yuv420p",
            size: "640x480",
            primaries: "170m",
            conversion: ("Bt601toBt709", "bt709")
        ),
        Coding(
            name: "ProRes 4:2:2 of 10 bits",
            matrix: "709",
            range: "limited",
            pixelFormat: "yuv422p10le",
            encoder: ["-c:v", "prores_ks"],
            file: "a.mov"
        ),
    ]

    typealias Patches = [(Int, Int, Int)]

    /// Red, green and blue of eight patches in a row.
    private static let saturated: Patches = [
        (180, 20, 20), (20, 180, 20), (20, 20, 180), (200, 200, 200), (90, 90, 90), (200, 160, 40),
        (180, 40, 160), (40, 160, 180),
    ]
    /// The same within what BT.601's primaries can show: zimg cuts off what is outside, but with AVX-512 does not.
    private static let shared: Patches = [
        (180, 50, 40), (60, 180, 40), (40, 40, 180), (200, 200, 200), (90, 90, 90), (200, 160, 40),
        (180, 60, 160), (70, 160, 180),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Each patch keeps its red, green and blue", arguments: codings)
    func keepsColors(coding: Coding) throws {
        let patches = coding.conversion == nil ? Self.saturated : Self.shared
        let input = try makeInput(coding, patches)
        let output = workspace.url("output.mp4")
        var preset = PresetFile()
        if let conversion = coding.conversion {
            preset.options["ColorSpaceConversionMode"] = conversion.mode
        }
        let path = try preset.write(workspace.url("preset.json"))
        let result = try RecastProgram.tool.run(["transcode", input, "-o", output.path, "--preset", path])
        try #require(result.status == 0, "\(result.errorText)")
        let video = try #require(try Judge.probe(output.path).video)
        if let conversion = coding.conversion {
            #expect(video.colorSpace == conversion.matrix && video.colorPrimaries == conversion.matrix)
        }
        #expect(video.pixelFormat == "yuv420p")
        #expect(video.colorRange == "tv")
        let matrix = try #require(video.colorSpace)
        let primaries = try #require(video.colorPrimaries)
        let seen = try self.patches(of: output.path, matrix: matrix, primaries: primaries, coding)
        for (index, (patch, color)) in zip(patches, seen).enumerated() {
            let worst = max(abs(patch.0 - color.0), abs(patch.1 - color.1), abs(patch.2 - color.2))
            // Coding costs up to 8; a wrong range or matrix costs 11 and more.
            #expect(worst <= 9, "patch \(index): \(color) instead of \(patch)")
        }
    }

    private func makeInput(_ coding: Coding, _ patches: Patches) throws -> String {
        let parts = patches.enumerated().map { index, color in
            String(
                format: "color=c=0x%02x%02x%02x:s=160x720:r=30:d=1,format=gbrp[p%d]",
                color.0,
                color.1,
                color.2,
                index
            )
        }
        let row = patches.indices.map { "[p\($0)]" }.joined() + "hstack=inputs=8[row]"
        let primaries = coding.primaries ?? (coding.matrix == "709" ? "709" : "170m")
        let transfer = coding.matrix == "709" || coding.matrix == "2020_ncl" ? "709" : "601"
        let format = coding.pixelFormat == "yuvj420p" ? "yuv420p" : coding.pixelFormat
        let converted =
            coding.matrix == "gbr"
            ? "format=\(format)"
            : "zscale=p=\(coding.primaries ?? "709"):m=\(coding.matrix):r=\(coding.range):d=none,format=\(format)"
        let convert =
            "[row]scale=\(coding.size.replacing("x", with: ":")):flags=neighbor,setsar=1,"
            + "setparams=color_primaries=bt709:color_trc=bt709,\(converted)"
            + (coding.tags
                ? ""
                : ",setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown:range=unknown")
        let names = ["709": "bt709", "170m": "smpte170m", "470bg": "bt470bg", "2020_ncl": "bt2020nc"]
        var tags: [String] = []
        if coding.tags, coding.matrix != "gbr" {
            tags = [
                "-colorspace", names[coding.matrix] ?? "", "-color_range",
                coding.range == "full" ? "pc" : "tv",
                "-color_primaries",
                ["2020": "bt2020", "709": "bt709", "smpte432": "smpte432"][primaries] ?? "smpte170m",
                "-color_trc", transfer == "709" ? "bt709" : "smpte170m",
            ]
        }
        let path = workspace.path(coding.file)
        let graph = (parts + [row, convert + "[v]"]).joined(separator: ";")
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-y", "-filter_complex", graph, "-map", "[v]"] + coding.encoder
                + ["-pix_fmt", coding.pixelFormat] + tags + [path]
        )
        return path
    }

    /// The middle of each patch of a picture in the middle, as the output's tags say it must be shown.
    private func patches(
        of path: String,
        matrix: String,
        primaries: String,
        _ coding: Coding
    ) throws -> Patches {
        // The primaries are left alone, except where the input's were meant: all else is compared as coded.
        let pin = coding.conversion == nil || primaries == "bt709" ? "" : "p=bt709:"
        let graph =
            "select=eq(n\\,15),setparams=color_primaries=\(primaries):color_trc=bt709:colorspace=\(matrix):range=tv,"
            + "zscale=\(pin)min=\(zscaleName(matrix)):rin=limited:m=gbr:r=full,format=gbrp,scale=40:1:flags=area,format=rgb24"
        let pixels = [UInt8](
            try Tool.ffmpeg.output([
                "-nostdin", "-v", "error", "-i", path, "-vf", graph, "-frames:v", "1", "-f", "rawvideo", "-",
            ])
        )
        return stride(from: 2, to: pixels.count / 3, by: 5).map {
            (Int(pixels[$0 * 3]), Int(pixels[$0 * 3 + 1]), Int(pixels[$0 * 3 + 2]))
        }
    }

    private func zscaleName(_ matrix: String) -> String {
        ["bt709": "709", "smpte170m": "170m", "bt470bg": "470bg"][matrix] ?? matrix
    }
}
