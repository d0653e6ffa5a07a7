import FFmpeg
import TestMedia
import Testing

/// All pictures of a file's video.
func decodeClip(_ path: String, loopFilter: LoopFilter = .everywhere) throws -> [Frame] {
    let limits = IngestLimits()
    var demuxer = try Demuxer.open(try InputBody(path: path), limits: limits)
    let stream = try #require(demuxer.streams.first { $0.kind == .video })
    var decoder = try Decoder.open(stream, limits: limits, threads: 1, loopFilter: loopFilter)
    var frames: [Frame] = []
    while let packet = try demuxer.read() {
        if packet.streamIndex == stream.index { frames += try decoder.decode(packet) }
    }
    return frames + (try decoder.finish().frames)
}

/// Moving pictures with noise, 30 a second.
func noisyPictures(_ count: Int, width: Int, height: Int) throws -> [Frame] {
    let workspace = try Workspace()
    let path = workspace.path("clip.mp4")
    try Tool.ffmpeg.output([
        "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
        "testsrc2=size=\(width)x\(height):rate=30,noise=alls=12:allf=t,format=yuv420p", "-frames:v",
        "\(count)", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p", path,
    ])
    return try withExtendedLifetime(workspace) { try decodeClip(path) }
}
