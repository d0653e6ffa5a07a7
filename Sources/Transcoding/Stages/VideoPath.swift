internal import FFmpeg

/// The stages that the pictures of a request's inputs go through on their way to the muxer.
///
/// What encodes serves all inputs; what decodes, one. Only the thread that reads the inputs uses it.
final class VideoPath {
    /// What decodes one input's pictures and brings them into the output's form.
    private struct Branch {
        let decode: DecodeStage
        let packets: Stage<PacketMessage>
        let picture: PictureStage
        let pictures: Stage<PictureInput>
    }

    private let preset: Preset.Video
    private let engine: EngineOptions
    private let limits: IngestLimits
    private let share: CoreShare
    private let failure: FirstFailure
    private let encode: VideoEncodeStage
    private let encoding: Stage<PictureMessage>
    private let samples: Stage<SampleWindow>
    private let quality = QualityStage()
    private var branch: Branch?
    private var joint: PictureStage.Joint?
    private var decodeSeconds = 0.0
    private var pictureSeconds = 0.0

    init(
        preset: Preset.Video,
        engine: EngineOptions,
        muxer: MuxerChoice,
        seconds: Double?,
        limits: IngestLimits,
        share: CoreShare,
        failure: FirstFailure,
        output: Stage<MuxMessage>
    ) {
        let samples = Stage<SampleWindow>("quality", slots: 1, failure: failure, handler: quality.accept)
        let encode = VideoEncodeStage(
            preset: preset,
            engine: engine,
            muxer: muxer,
            seconds: seconds,
            threads: share.encoder,
            output: output,
            samples: samples
        )
        encoding = Stage<PictureMessage>("encode", slots: 4, failure: failure, handler: encode.accept)
        self.samples = samples
        self.encode = encode
        self.preset = preset
        self.engine = engine
        self.limits = limits
        self.share = share
        self.failure = failure
    }

    /// What encodes the pictures, once there were any.
    var maker: VideoEncodeStage.Maker? { encode.maker }

    /// Opens what decodes an input, and returns where its packets go.
    func begin(
        _ stream: FFmpeg.Stream,
        origin: Timestamp,
        span: ClipSpan,
        name: String
    ) throws -> Stage<PacketMessage> {
        let picture = PictureStage(
            stream: stream,
            preset: preset,
            isExact: engine.exactFrameRate,
            after: joint,
            threads: share.filter,
            output: encoding
        )
        let pictures = Stage<PictureInput>("picture", slots: 4, failure: failure) { message in
            switch message {
            case .picture(let frame, let ticks): try picture.accept(frame, ticks: ticks)
            case .end: try picture.finish()
            }
        }
        let decode = try DecodeStage(
            stream: stream,
            originTicks: origin.converted(to: stream.timebase).ticks,
            span: span,
            limits: limits,
            name: name,
            threads: share.decoder,
            output: pictures
        )
        let packets = Stage<PacketMessage>("decode", slots: 16, failure: failure, handler: decode.accept)
        branch = Branch(decode: decode, packets: packets, picture: picture, pictures: pictures)
        return packets
    }

    /// Waits until an input's pictures have reached the encoder, and tells what was decoded.
    func drain() -> DecodeStage.Tally {
        guard let branch else { return DecodeStage.Tally() }
        branch.packets.send(.end)
        branch.packets.drain()
        branch.pictures.drain()
        decodeSeconds += branch.packets.handlingSeconds - branch.pictures.blockedSeconds
        pictureSeconds += branch.pictures.handlingSeconds
        return branch.decode.tally
    }

    /// Closes an input, which ends `end` seconds after the output's start; `nil` where it just ends.
    func close(at end: Double?) {
        branch?.picture.close(at: end)
        joint = branch?.picture.joint(offset: end ?? 0)
        branch = nil
    }

    /// Waits until everything has reached the muxer.
    func finish() {
        encoding.send(.end)
        encoding.drain()
        samples.drain()
    }

    /// The mean SSIM of the sampled pictures of an output that lasts `seconds`.
    func ssim(until seconds: Double) -> Double? { quality.ssim(until: seconds) }

    var times: [TranscodeResult.StageTime] {
        [
            .init(name: "decode", busySeconds: decodeSeconds),
            .init(name: "picture", busySeconds: pictureSeconds - encoding.blockedSeconds),
            .init(name: "encode", busySeconds: encoding.handlingSeconds),
            .init(name: "quality", busySeconds: samples.handlingSeconds),
        ]
    }
}
