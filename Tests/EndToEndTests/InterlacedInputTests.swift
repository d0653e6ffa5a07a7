import Foundation
import TestMedia
import Testing

/// Fields become whole pictures, in the order in which they were taken.
@Suite("Interlaced inputs are shown progressively", .serialized)
struct InterlacedInputTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
        "Fields of either order, in H.264 and MPEG-2, come out like the original before it was interlaced",
        arguments: ["top", "bottom"],
        ["libx264", "mpeg2video"]
    )
    func deinterlaces(order: String, codec: String) throws {
        let isTop = order == "top"
        let input = workspace.path("input.\(codec == "libx264" ? "mp4" : "ts")")
        let encoder =
            codec == "libx264"
            ? [
                "-c:v", codec, "-preset", "ultrafast", "-qp", "12", "-g", "12", "-x264-params",
                isTop ? "tff=1" : "bff=1",
            ]
            : ["-c:v", codec, "-q:v", "2", "-flags", "+ildct+ilme"]
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", Self.motion, "-vf",
                "tinterlace=mode=interleave_\(order),setfield=\(isTop ? "tff" : "bff")",
            ] + encoder + [input]
        )
        // Every second picture of the original is the one whose time the output's has.
        let original = workspace.path("original.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", Self.motion, "-vf",
            "select='not(mod(n\\,2))',setpts=N/25/TB", "-r", "25", "-c:v", "libx264", "-preset", "ultrafast",
            "-qp", "4", original,
        ])
        for way in Way.allCases {
            let output = workspace.url("\(way).mp4")
            let result = try RecastProgram.transcode(input, to: output, options: way.options)
            try #require(result.status == 0, "\(way): \(result.errorText)")
            let video = try #require(try Judge.probe(output.path).video)
            #expect(video.averageFrameRate == 25)
            #expect(try Judge.packets(output.path).count == 25)
            let similarity = try Judge.ssim(output.path, original: original)
            #expect(similarity > Self.leastSimilarity, "\(way): \(similarity)")
        }
    }

    @Test(
        "Interlaced stays interlaced, field by field, where the preset asks for it",
        arguments: ["top", "bottom"]
    )
    func staysInterlaced(order: String) throws {
        let input = workspace.path("input.mp4")
        let isTop = order == "top"
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", Self.motion, "-vf",
            "tinterlace=mode=interleave_\(order),setfield=\(isTop ? "tff" : "bff")", "-c:v", "libx264",
            "-preset",
            "ultrafast", "-qp", "12", "-x264-params", isTop ? "tff=1" : "bff=1", input,
        ])
        var preset = PresetFile()
        preset.options["InterlacedMode"] = "Auto"
        preset.options["Profile"] = "high"
        preset.video["FrameRate"] = "25"
        preset.video["BitRate"] = "6000"
        let output = workspace.url("output.mp4")
        let path = try preset.write(workspace.url("preset.json"))
        let result = try RecastProgram.tool.run(["transcode", input, "-o", output.path, "--preset", path])
        try #require(result.status == 0, "\(result.errorText)")
        // The lines are those of the input, so that pictures compare as they are.
        #expect(try Judge.ssim(output.path, original: input) > 0.97)
        let flags = try Tool.ffprobe.output([
            "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=top_field_first", "-of",
            "csv=p=0", output.path,
        ])
        let lines = String(decoding: flags, as: UTF8.self).split(whereSeparator: \.isNewline)
        #expect(Set(lines.map { $0.prefix(1) }) == [isTop ? "1" : "0"])
    }

    @Test(
        "A real 1080i clip comes out like the progressive one it was made from",
        .enabled(if: ProcessInfo.processInfo.environment["RECAST_MEDIA"] != nil)
    )
    func realClip() throws {
        let folder = try #require(ProcessInfo.processInfo.environment["RECAST_MEDIA"])
        let input = workspace.path("input.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-i", "\(folder)/derived-cups-1080i.mp4", "-t", "2", "-c",
            "copy",
            input,
        ])
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(input, to: output)
        try #require(result.status == 0, "\(result.errorText)")
        // Its pictures are the original's one by one, at 30 a second instead of 30000/1001.
        let original = workspace.path("original.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-i", "\(folder)/cups-720p30.mp4", "-frames:v", "60", "-an",
            "-vf",
            "setpts=N/30/TB", "-r", "30", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", original,
        ])
        let similarity = try Judge.ssim(output.path, original: original)
        #expect(similarity > 0.96, "\(similarity)")
    }

    /// Fifty pictures a second in which much moves, both across and down.
    private static let motion =
        "testsrc2=s=320x240:r=50:d=1,scroll=horizontal=0.01:vertical=0.005,format=yuv420p"
    private static let leastSimilarity = 0.9
}
