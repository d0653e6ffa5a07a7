internal import FFmpeg

/// What makes an output's pictures of an input's.
///
/// Only the thread that reads the inputs uses it.
protocol PicturePath: AnyObject {
    /// Opens what decodes an input, and returns where its packets go; `nil` where it reads them itself.
    func begin(
        _ stream: FFmpeg.Stream,
        origin: Timestamp,
        span: ClipSpan,
        name: String
    ) throws -> Stage<PacketMessage>?
    /// Hears that an input was read up to `seconds`, and may wait.
    func pace(_ seconds: Double)
    /// Waits until an input's pictures have reached the encoders, and tells what was decoded.
    func drain() -> DecodeStage.Tally
    /// Closes an input, which ends `end` seconds after the output's start; `nil` where it just ends.
    func close(at end: Double?)
    /// Waits until everything has reached the muxers.
    func finish()
    /// Seconds for which the decoder worked.
    var busySeconds: Double { get }
}
