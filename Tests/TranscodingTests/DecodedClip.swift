import FFmpeg
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
