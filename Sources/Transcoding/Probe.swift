public import FFmpeg
internal import Foundation

/// What an input is, as its container states it.
public struct Probe: Sendable {
    /// The file.
    public let path: String
    /// Bytes of the whole file.
    public let byteCount: Int64
    /// libav's name of the format, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    public let container: String
    /// Seconds; `nil` when the container does not say.
    public let duration: Double?
    /// All streams, in the order of their indexes.
    public let streams: [FFmpeg.Stream]

    /// Opens an input safely and reads its headers.
    ///
    /// - Throws: `input.missing`, `input.empty`, `input.unreadable` or `input.limit`.
    public init(path: String, limits: IngestLimits = IngestLimits()) throws(TranscodingError) {
        LogCapture.silence()
        let body = try InputOpening.body(.file(path: path), limits)
        var demuxer = try InputOpening.demuxer(body, limits, (path as NSString).lastPathComponent)
        self.path = path
        byteCount = body.byteCount
        container = demuxer.formatName
        duration = demuxer.duration
        streams = Probe.completed(&demuxer, limits)
    }

    /// Decodes the first frame of each stream whose headers do not describe it, within 500 packets.
    private static func completed(_ demuxer: inout Demuxer, _ limits: IngestLimits) -> [FFmpeg.Stream] {
        var streams = demuxer.streams
        for index in streams.indices where streams[index].isIncomplete {
            guard var decoder = try? Decoder.open(streams[index], limits: limits, threads: 1) else {
                continue
            }
            for _ in 0..<500 where streams[index].isIncomplete {
                guard let packet = try? demuxer.read() else { break }
                guard packet.streamIndex == streams[index].index else { continue }
                guard let frame = try? decoder.decode(packet).first else { continue }
                streams[index] = streams[index].completed(by: frame)
            }
        }
        return streams
    }
}
