internal import FFmpeg

/// The stages that pictures go through on their way from an input's packets to the muxer.
final class VideoPath: Sendable {
    let decode: DecodeStage
    let packets: Stage<PacketMessage>
    private let pictures: Stage<PictureInput>
    private let encoding: Stage<PictureMessage>
    private let samples: Stage<SampleWindow>
    private let quality = QualityStage()

    init(
        stream: FFmpeg.Stream,
        origin: Timestamp,
        preset: Preset.Video,
        engine: EngineOptions,
        muxer: MuxerChoice,
        seconds: Double?,
        limits: IngestLimits,
        name: String,
        share: CoreShare,
        failure: FirstFailure,
        output: Stage<MuxMessage>
    ) throws {
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
        let encoding = Stage<PictureMessage>("encode", slots: 4, failure: failure, handler: encode.accept)
        let picture = PictureStage(
            stream: stream,
            preset: preset,
            isExact: engine.exactFrameRate,
            threads: share.filter,
            output: encoding
        )
        let pictures = Stage<PictureInput>("picture", slots: 4, failure: failure) { message in
            switch message {
            case .picture(let frame, let ticks): try picture.accept(frame, ticks: ticks)
            case .end: try picture.finish()
            }
        }
        decode = try DecodeStage(
            stream: stream,
            originTicks: origin.converted(to: stream.timebase).ticks,
            limits: limits,
            name: name,
            threads: share.decoder,
            output: pictures
        )
        packets = Stage<PacketMessage>("decode", slots: 16, failure: failure, handler: decode.accept)
        self.samples = samples
        self.encoding = encoding
        self.pictures = pictures
    }

    /// Waits until everything sent so far has reached the muxer.
    func drain() {
        packets.drain()
        pictures.drain()
        encoding.drain()
        samples.drain()
    }

    /// The mean SSIM of the sampled pictures of an output that lasts `seconds`.
    func ssim(until seconds: Double) -> Double? { quality.ssim(until: seconds) }

    var times: [TranscodeResult.StageTime] {
        [
            .init(name: "decode", busySeconds: packets.handlingSeconds - pictures.blockedSeconds),
            .init(name: "picture", busySeconds: pictures.handlingSeconds - encoding.blockedSeconds),
            .init(name: "encode", busySeconds: encoding.handlingSeconds),
            .init(name: "quality", busySeconds: samples.handlingSeconds),
        ]
    }
}
