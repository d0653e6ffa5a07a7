import FFmpeg
import TestMedia
import Testing

@Suite("The loop filter where no picture is predicted")
struct LoopFilterTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static let encoders = [
        ("libx264", "-x264-params", "keyint=12:bframes=2:b-adapt=0:b-pyramid=none:scenecut=0"),
        ("libx265", "-x265-params", "log-level=none:keyint=12:bframes=2:b-adapt=0:b-pyramid=0:scenecut=0"),
    ]

    @Test("Leaving it out there changes those pictures alone, and hardly them", arguments: encoders)
    func unseen(_ encoder: (name: String, option: String, value: String)) throws {
        let path = workspace.path("clip.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=25", "-t", "1.4",
            "-pix_fmt", "yuv420p", "-c:v", encoder.name, encoder.option, encoder.value, "-b:v", "200k", path,
        ])
        let exact = try decodeClip(path)
        let quick = try decodeClip(path, loopFilter: .references)
        #expect(exact.count == 35 && quick.count == 35)
        var graph = try ComparisonGraph.open(size: Size(320, 180), threads: 1)
        var changed: [Int: Double] = [:]
        for (index, pair) in zip(quick, exact).enumerated() {
            for compared in try graph.compare(pair.0, pair.1, index: Int64(index)) {
                let psnr = try #require(compared.metadata("lavfi.psnr.psnr_avg"))
                if psnr.isFinite { changed[index] = psnr }
            }
        }
        #expect(changed.count > 5, "\(changed)")
        // A keyframe or P picture, two B pictures, and so on.
        #expect(changed.keys.allSatisfy { $0 % 12 % 3 != 0 }, "\(changed)")
        #expect(changed.values.allSatisfy { $0 > 40 }, "\(changed)")
    }
}
