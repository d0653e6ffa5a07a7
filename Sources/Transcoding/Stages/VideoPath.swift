internal import FFmpeg

/// The stages that a rendition's pictures go through from the decoder to the muxer.
///
/// What encodes serves all inputs; what scales, one. Only the thread that reads the inputs uses it.
final class VideoPath {
    private let preset: Preset.Video
    private let engine: EngineOptions
    private let share: CoreShare
    private let failure: FirstFailure
    private let encode: VideoEncodeStage
    private let encoding: Stage<PictureMessage>
    /// What brings one input's pictures into the output's form.
    private var branch: (picture: PictureStage, pictures: Stage<PictureInput>)?
    private var joint: PictureStage.Joint?
    private var pictureSeconds = 0.0

    init(
        preset: Preset.Video,
        engine: EngineOptions,
        muxer: MuxerChoice,
        seconds: Double?,
        share: CoreShare,
        failure: FirstFailure,
        output: Stage<MuxMessage>,
        samples: PictureSamples?
    ) {
        let encode = VideoEncodeStage(
            preset: preset,
            engine: engine,
            muxer: muxer,
            seconds: seconds,
            threads: share.encoder,
            output: output,
            samples: samples
        )
        encoding = Stage<PictureMessage>(
            "encode",
            slots: share.slots,
            failure: failure,
            handler: encode.accept
        )
        self.encode = encode
        self.preset = preset
        self.engine = engine
        self.share = share
        self.failure = failure
    }

    /// What encodes the pictures, once there were any.
    var maker: VideoEncodeStage.Maker? { encode.maker }

    /// Opens what takes an input's pictures, and returns where they go.
    func begin(_ stream: FFmpeg.Stream) -> Stage<PictureInput> {
        let picture = PictureStage(
            stream: stream,
            preset: preset,
            isExact: engine.exactFrameRate,
            after: joint,
            threads: share.filter,
            output: encoding
        )
        let pictures = Stage<PictureInput>("picture", slots: share.slots, failure: failure) { message in
            switch message {
            case .picture(let frame, let ticks): try picture.accept(frame, ticks: ticks)
            case .end: try picture.finish()
            }
        }
        branch = (picture, pictures)
        return pictures
    }

    /// Waits until an input's pictures have reached the encoder; returns the seconds it held up the decoder.
    func drain() -> Double {
        guard let pictures = branch?.pictures else { return 0 }
        pictures.drain()
        pictureSeconds += pictures.handlingSeconds
        return pictures.blockedSeconds
    }

    /// Closes an input, which ends `end` seconds after the output's start; `nil` where it just ends.
    func close(at end: Double?) {
        branch?.picture.close(at: end)
        joint = branch?.picture.joint(offset: end ?? 0)
        branch = nil
    }

    /// Tells the encoder that no picture follows.
    func sendEnd() { encoding.send(.end) }

    /// Waits until everything has reached the muxer.
    func finish() { encoding.drain() }

    var times: [TranscodeResult.StageTime] {
        [
            .init(name: "picture", busySeconds: pictureSeconds - encoding.blockedSeconds),
            .init(name: "encode", busySeconds: encoding.handlingSeconds),
        ]
    }
}
