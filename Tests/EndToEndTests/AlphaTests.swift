import Foundation
import TestMedia
import Testing

/// What is transparent is shown on black, in every codec that knows opacity.
@Suite("Transparent pictures are shown on black", .serialized)
struct AlphaTests {
    struct Codec: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let arguments: [String]
        /// A palette knows only all or nothing.
        var isBinary = false

        var testDescription: String { name }
    }

    static let codecs = [
        Codec(name: "PNG", file: "a.mov", arguments: ["-c:v", "png", "-pix_fmt", "rgba"]),
        Codec(
            name: "ProRes 4444",
            file: "a.mov",
            arguments: ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"]
        ),
        Codec(
            name: "VP9",
            file: "a.webm",
            arguments: [
                "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-crf", "10", "-b:v", "0",
                "-deadline", "realtime", "-cpu-used", "8",
            ]
        ),
        Codec(
            name: "VP8",
            file: "a.webm",
            arguments: [
                "-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-crf", "10", "-b:v", "4M",
                "-deadline", "realtime", "-cpu-used", "8",
            ]
        ),
        Codec(name: "GIF", file: "a.gif", arguments: ["-c:v", "gif"], isBinary: true),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("White of no, half and full opacity becomes black, grey and white", arguments: codecs)
    func flattens(_ codec: Codec) throws {
        let input = workspace.path(codec.file)
        let opacity = codec.isBinary ? "255*gte(X,W/3)" : "255*floor(3*X/W)/2"
        let convert =
            codec.isBinary
            ? ",split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse" : ""
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "color=white:s=384x128:r=10:d=0.5",
                "-lavfi", "format=rgba,geq=r=250:g=250:b=250:a='\(opacity)'\(convert)",
            ] + codec.arguments + [input]
        )
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(input, to: output)
        try #require(result.status == 0, "\(result.errorText)")
        let bytes = [UInt8](
            try Tool.ffmpeg.output([
                "-nostdin", "-v", "error", "-i", output.path, "-vf",
                "format=gbrp,scale=3:1:flags=area,format=rgb24",
                "-frames:v", "1", "-f", "rawvideo", "-",
            ])
        )
        let expected = codec.isBinary ? [0, 250, 250] : [0, 125, 250]
        for (index, value) in expected.enumerated() {
            for channel in 0..<3 {
                #expect(abs(Int(bytes[index * 3 + channel]) - value) <= 8, "\(bytes) instead of \(expected)")
            }
        }
    }
}
