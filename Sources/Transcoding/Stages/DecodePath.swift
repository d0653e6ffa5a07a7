internal import FFmpeg

/// The stages that decode the pictures of a request's inputs, once for all renditions.
///
/// What decodes serves one input. Only the thread that reads the inputs uses it.
final class DecodePath: PicturePath {
    private let limits: IngestLimits
    private let threads: Int
    private let failure: FirstFailure
    private let renditions: [VideoPath]
    private var branch: (decode: DecodeStage, packets: Stage<PacketMessage>)?
    /// Seconds for which the decoder worked.
    private(set) var busySeconds = 0.0

    /// Hands the pictures to `renditions`, each of which may hold the decoder up.
    init(limits: IngestLimits, threads: Int, failure: FirstFailure, renditions: [VideoPath]) {
        self.limits = limits
        self.threads = threads
        self.failure = failure
        self.renditions = renditions
    }

    /// Opens what decodes an input, and returns where its packets go.
    func begin(
        _ stream: FFmpeg.Stream,
        origin: Timestamp,
        span: ClipSpan,
        name: String
    ) throws -> Stage<PacketMessage>? {
        let decode = try DecodeStage(
            stream: stream,
            originTicks: origin.converted(to: stream.timebase).ticks,
            span: span,
            limits: limits,
            name: name,
            threads: threads,
            outputs: renditions.map { $0.begin(stream) }
        )
        let packets = Stage<PacketMessage>("decode", slots: 8, failure: failure, handler: decode.accept)
        branch = (decode, packets)
        return packets
    }

    /// The stages hold up whoever reads too far ahead.
    func pace(_ seconds: Double) {}

    /// Waits until an input's pictures have reached the encoders, and tells what was decoded.
    func drain() -> DecodeStage.Tally {
        guard let branch else { return DecodeStage.Tally() }
        branch.packets.send(.end)
        branch.packets.drain()
        busySeconds += branch.packets.handlingSeconds
        for rendition in renditions { busySeconds -= rendition.drain() }
        return branch.decode.tally
    }

    /// Closes an input, which ends `end` seconds after the output's start; `nil` where it just ends.
    func close(at end: Double?) {
        for rendition in renditions { rendition.close(at: end) }
        branch = nil
    }

    /// Waits until everything has reached the muxers.
    func finish() {
        for rendition in renditions { rendition.sendEnd() }
        for rendition in renditions { rendition.finish() }
    }
}
