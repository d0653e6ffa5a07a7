import Foundation
import TestMedia
import Testing
import Transcoding

@Suite("The room for an index", .serialized)
struct MoovReserveTests {
    @Test("A real index fits, and takes at least a third of its room", arguments: [1, 60, 3600, 43_200])
    func fits(seconds: Int) throws {
        let moov = try index(seconds, ["-c", "copy"])
        let reserve = try #require(MoovReserve(duration: Double(seconds), frameRate: 30, sampleRate: 44_100))
        #expect(moov < reserve.byteCount)
        // In the first seconds the slack is most of it.
        #expect(seconds < 60 || moov > reserve.byteCount / 3)
    }

    @Test("The index of pictures without a steady rate, each of them a keyframe, fits")
    func fitsTheWorst() throws {
        let jitter = "setts=ts='if(eq(mod(N,2),0),TS,TS+100+mod(N*7,50))'"
        let moov = try index(600, ["-c", "copy", "-bsf:v", jitter], keyframes: 1)
        let reserve = try #require(MoovReserve(duration: 600, frameRate: 30, sampleRate: 44_100))
        #expect(moov < reserve.byteCount)
    }

    @Test(
        "There is no bound for what nobody stated or may state",
        arguments: [nil, 0, -1, .nan, .infinity, 86_401] as [Double?]
    )
    func refuses(duration: Double?) {
        #expect(MoovReserve(duration: duration, frameRate: 30, sampleRate: 44_100) == nil)
    }

    /// The size of `moov` in a file of that length, as ffmpeg's muxer writes it.
    private func index(_ seconds: Int, _ options: [String], keyframes: Int = 90) throws -> Int {
        let workspace = try Workspace()
        let length = min(seconds, 60)
        let once = workspace.path("once.mp4")
        let quiet = ["-nostdin", "-v", "error", "-y"]
        let sources = [
            "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=30:duration=\(length)",
            "-f", "lavfi", "-i", "sine=r=44100:d=\(length)",
        ]
        let codecs = [
            "-c:v", "libx264", "-preset", "faster", "-b:v", "30k", "-pix_fmt", "yuv420p",
            "-g", "\(keyframes)", "-c:a", "aac", "-b:a", "16k",
        ]
        try Tool.ffmpeg.output(quiet + sources + codecs + [once])
        let path = workspace.path("long.mp4")
        let loops = ["-stream_loop", "\(seconds / length - 1)", "-i", once]
        try Tool.ffmpeg.output(quiet + loops + options + [path])
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        // The index is the last box; its header is found by walking the others.
        var position: UInt64 = 0
        while true {
            try file.seek(toOffset: position)
            let header = try #require(try file.read(upToCount: 16))
            var size = header.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if size == 1 { size = header[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            if String(decoding: header[4..<8], as: UTF8.self) == "moov" { return Int(size) }
            position += max(size, 8)
        }
    }
}
