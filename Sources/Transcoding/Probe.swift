public import FFmpeg
internal import Foundation

/// What an input is, as its container states it.
public struct Probe: Sendable {
    public let path: String
    public let byteCount: Int64
    public let container: String
    /// Seconds; `nil` when the container does not say.
    public let duration: Double?
    public let streams: [FFmpeg.Stream]

    /// Opens an input safely and reads its headers.
    ///
    /// - Throws: `input.missing`, `input.empty`, `input.unreadable` or `input.limit`.
    public init(path: String, limits: IngestLimits = IngestLimits()) throws(TranscodingError) {
        LogCapture.silence()
        let body = try InputOpening.body(path, limits)
        let demuxer = try InputOpening.demuxer(body, limits, (path as NSString).lastPathComponent)
        self.path = path
        byteCount = body.byteCount
        container = demuxer.formatName
        duration = demuxer.duration
        streams = demuxer.streams
    }
}
