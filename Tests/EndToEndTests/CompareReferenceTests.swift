import Foundation
import TestMedia
import Testing

/// What a rendition is compared with, judged by ffmpeg with filters that the case names.
@Suite("A rendition is compared with what it ought to show", .serialized)
struct CompareReferenceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sizing: String
        let padding: String
        let box: (Int, Int)
        var aspect = "auto"
        /// What makes the rendition's picture of one of 320x240.
        let graph: String

        var testDescription: String { "\(sizing) \(padding) \(box) \(aspect)" }
    }

    static let cases = [
        Case(sizing: "Fit", padding: "Pad", box: (480, 270), graph: "scale=360:270,pad=480:270:60:0"),
        Case(sizing: "Fill", padding: "NoPad", box: (320, 160), graph: "crop=320:160:0:40"),
        Case(sizing: "Stretch", padding: "NoPad", box: (400, 200), graph: "scale=400:200"),
        Case(sizing: "Keep", padding: "NoPad", box: (200, 160), graph: "crop=200:160:60:40"),
        Case(sizing: "ShrinkToFit", padding: "Pad", box: (400, 320), graph: "pad=400:320:40:40"),
        Case(
            sizing: "Fit",
            padding: "Pad",
            box: (360, 240),
            aspect: "16:9",
            graph: "scale=270:240,pad=360:240:44:0"
        ),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Padded, cut, stretched and anamorphic pictures have the same of the original", arguments: cases)
    func placed(_ expected: Case) throws {
        let clip = try ClipRecipe(width: 320, height: 240, seconds: 1).make(workspace.url("clip.mp4"))
        var preset = PresetFile(
            expected.sizing,
            expected.padding,
            width: expected.box.0,
            height: expected.box.1
        )
        preset.video["DisplayAspectRatio"] = expected.aspect
        let output = try transcode(clip, preset)
        let judged = try Judge.ssim(output, original: clip, graph: expected.graph)
        let found = try ssim(clip, output)
        #expect(judged > 0.9 && abs(found - judged) < 0.015, "\(found), ffmpeg: \(judged)")
        let verified = try Tool.recast.run(["verify", output, "--against", clip])
        #expect(verified.status == 0, "\(verified.errorText)")
    }

    @Test("A picture that is black at first is placed by those that follow")
    func fadesIn() throws {
        let clip = workspace.path("fade.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=3", "-vf",
            "drawbox=color=black:t=fill:enable='lt(t,1)',format=yuv420p", "-c:v", "libx264", "-preset",
            "ultrafast", clip,
        ])
        let output = try transcode(clip, PresetFile("Fill", "NoPad", width: 320, height: 160))
        let judged = try Judge.ssim(output, original: clip, graph: "crop=320:160:0:40")
        let found = try ssim(clip, output)
        #expect(judged > 0.9 && abs(found - judged) < 0.015, "\(found), ffmpeg: \(judged)")
    }

    @Test("HDR is compared with what it looks like in SDR", arguments: ["smpte2084", "arib-std-b67"])
    func tonesMapped(transfer: String) throws {
        let clip = workspace.path("hdr.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=1", "-vf",
            "format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params",
            "log-level=error:crf=8:colorprim=bt2020:colormatrix=bt2020nc:transfer=\(transfer)",
            "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-color_trc", transfer, clip,
        ])
        let output = try transcode(clip, PresetFile("Fit", "Pad", width: 480, height: 270))
        let graph =
            "zscale=tin=\(transfer):min=bt2020nc:pin=bt2020:rin=tv:t=linear:npl=203,format=gbrpf32le,"
            + "zscale=p=bt709,tonemap=mobius:param=0.3:desat=0:peak=\(1000.0 / 203),"
            + "zscale=t=bt709:m=bt709:r=tv,format=yuv420p,lutyuv=y=clip(val\\,16\\,235):u=val:v=val,"
            + "scale=360:270:flags=bicubic,pad=480:270:60:0"
        let judged = try Judge.ssim(output, original: clip, graph: graph)
        let found = try ssim(clip, output)
        #expect(judged > 0.9 && abs(found - judged) < 0.015, "\(found), ffmpeg: \(judged)")
    }

    private func transcode(_ clip: String, _ preset: PresetFile) throws -> String {
        let output = workspace.url("output.mp4")
        let path = try preset.write(workspace.url("preset.json"))
        let result = try Tool.recast.run(["transcode", clip, "-o", output.path, "--preset", path, "--force"])
        try #require(result.status == 0, "\(result.errorText)")
        return output.path
    }

    private func ssim(_ original: String, _ rendition: String) throws -> Double {
        let result = try Tool.recast.run(["compare", original, rendition, "--json"])
        try #require(result.status == 0, "\(result.errorText)")
        let fields = try #require(try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
        return try #require(fields["ssim"] as? Double)
    }
}
