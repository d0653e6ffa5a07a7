import Foundation
import TestMedia
import Testing

/// Clips from real phones and browsers, in the folder that RECAST_MEDIA names.
@Suite("Real clips", .serialized, .enabled(if: ProcessInfo.processInfo.environment["RECAST_MEDIA"] != nil))
struct RealClipTests {
    private func clip(_ name: String) throws -> String {
        let folder = try #require(ProcessInfo.processInfo.environment["RECAST_MEDIA"])
        return "\(folder)/\(name)"
    }

    @Test(
        "A real clip comes out upright, decodes without an error and keeps its length",
        arguments: [
            ("phone-1080p30-vfr-rot180-noaudio.mp4", 1280, 720), ("phone-2160p60-rot90.mp4", 404, 720),
            ("phone-1080p30-hevc10-hlg-rot90-editlist.mp4", 404, 720), ("derived-dog-rot90.mp4", 404, 720),
            ("graffiti-1080p60-20mbit.mp4", 1280, 720), ("letter-720p60-mpeg4-mp3.mp4", 1280, 720),
            ("bbb-1080p60-vp8-vorbis51.webm", 1280, 720), ("crowd-1080p50-pcm.mov", 1280, 720),
            ("roof-1080p-hevc10-hdr10.mp4", 1280, 720), ("derived-cups-720p-vfr.mp4", 1280, 720),
        ]
    )
    func web(name: String, width: Int, height: Int) throws {
        let workspace = try Workspace()
        let output = workspace.url("out.mp4")
        let result = try RecastProgram.transcode(try clip(name), to: output)
        #expect(result.status == 0, "\(result.errorText)")
        let report = try Judge.probe(output.path)
        let video = try #require(report.video)
        #expect(video.width == width && video.height == height)
        #expect(try Judge.decodeErrors(output.path) == [])
        let original = try Judge.probe(try clip(name))
        let promised = try #require(original.format.duration)
        let made = try #require(report.format.duration)
        #expect(abs(made - promised) < 0.1, "\(made) s of \(promised) s")
    }

    @Test("An upload that broke off is reported, not passed off as whole")
    func truncated() throws {
        let workspace = try Workspace()
        let output = workspace.url("out.mp4")
        let result = try RecastProgram.transcode(try clip("derived-dog-truncated.mp4"), to: output)
        #expect(result.status == 3)
        #expect(!FileManager.default.fileExists(atPath: output.path))
    }
}
