internal import FFmpeg

/// What makes one output of a run, from decoded pictures and encoded sound to the published file.
///
/// Only the thread that runs the graph uses it.
final class RenditionPath {
    /// What all renditions of a run have in common.
    struct Run {
        let request: TranscodeRequest
        let survey: InputSurvey
        let share: CoreShare
        /// Cores that are shared out.
        let cores: Int
        let watch: ResourceWatch
        let failure: FirstFailure
    }

    /// What was read and decoded of the inputs.
    struct Source {
        let outcome: InputSequence.Outcome
        let detected: DetectedProperties
        /// Seconds that a picture of the first input lasts; 0 without pictures.
        let period: Double
        let decodeSeconds: Double
        let soundSeconds: Double
    }

    /// How the sound is to be encoded.
    struct SoundWish: Equatable {
        let preset: Preset.Audio
        let hasGlobalHeader: Bool
    }

    let preset: Preset
    /// What takes the pictures; `nil` where none are wanted.
    let video: VideoPath?
    /// What makes the pictures instead, where they are made in ranges.
    var ranges: SegmentedPath? {
        didSet { if let ranges { examine?.stage.spread(over: ranges.plan.workers) } }
    }
    /// What is told of that.
    var segments: SegmentUse?
    let muxer: MuxerChoice
    /// Where the encoded sound goes.
    let packets: Stage<MuxMessage>
    /// What waits to be compared with the pictures of the output.
    let samples = PictureSamples()
    /// What encodes the sound, once there is to be any.
    var sound: AudioStage?
    private let hasSound: Bool
    private let run: Run
    private let output: TranscodeOutput
    private let place: any OutputPlace
    private let body: OutputBody
    private let mux: MuxStage
    /// For which the finished output was read back.
    private var checkSeconds = 0.0
    /// What decodes the packets on their way.
    private let examine: (stage: ExamineStage, packets: Stage<MuxMessage>)?

    /// Creates the output, under a temporary name where it has one.
    ///
    /// - Throws: `output.exists`, `output.unwritable`, `output.needs-file`.
    init(
        _ rendition: TranscodeRequest.Rendition,
        _ run: Run,
        onProgress: @escaping @Sendable (_ seconds: Double, _ frames: Int, _ bytes: Int64) -> Void
    ) throws(TranscodingError) {
        let (request, failure, limits) = (run.request, run.failure, run.request.limits)
        self.run = run
        preset = rendition.preset
        output = rendition.output
        place = try request.place(of: rendition, for: run.survey)
        body = try place.create()
        hasSound = preset.audio != nil && run.survey.soundFormat != nil
        var muxer = MuxerChoice(preset)
        if preset.container.hasMoovFirst { muxer.options.merge(place.muxerOptions) { $1 } }
        self.muxer = muxer
        let mux = MuxStage(
            kinds: (preset.video == nil ? [] : [.video]) + (hasSound ? [.audio] : []),
            body: body,
            muxer: muxer,
            preset: preset,
            limits: limits,
            onProgress: onProgress
        )
        let examine: (stage: ExamineStage, packets: Stage<MuxMessage>)?
        let (scope, samples) = (ExamineStage.Scope(preset, isReadable: output.isReadable), samples)
        if scope.pictures || scope.sound {
            let stage = ExamineStage(scope, samples: samples, limits: limits)
            examine = (stage, Stage("examine", slots: 64, failure: failure, handler: stage.accept))
        } else {
            examine = nil
        }
        let examining = examine?.packets
        let packets = Stage<MuxMessage>("mux", slots: 64, failure: failure) { message in
            examining?.send(message)
            try mux.accept(message)
        }
        self.mux = mux
        self.examine = examine
        self.packets = packets
        video = preset.video.map { settings in
            VideoPath(
                preset: settings,
                engine: rendition.preset.engine,
                muxer: muxer,
                seconds: run.survey.duration,
                share: run.share,
                failure: failure,
                output: packets,
                samples: scope.pictures ? samples : nil
            )
        }
    }

    /// `nil` without sound.
    var soundWish: SoundWish? {
        guard hasSound, var wish = preset.audio else { return nil }
        // What the muxer does to the packets makes no difference to them.
        wish.packing = .singleTrack
        return SoundWish(preset: wish, hasGlobalHeader: muxer.hasGlobalHeader)
    }

    /// Seconds for which the output's bytes were on their way.
    var waitedSeconds: Double { body.waitedSeconds }

    /// Waits until all packets have reached the output.
    func drain() {
        if hasSound { packets.send(.ended(.audio)) }
        packets.drain()
        examine?.packets.drain()
    }

    /// Writes the trailer; the file is whole and synced afterwards.
    func finish() throws(TranscodingError) {
        do { try mux.finish() } catch {
            let error = FailureTranslation.of(error)
            throw explanation(of: error) ?? error
        }
    }

    /// Holds the output against what was decoded, and returns what is to be told of it.
    ///
    /// - Throws: `output.rejected`.
    func check(_ source: Source) throws -> TranscodeResult {
        let written = mux.written
        try examine?.stage.finish()
        let expected = OutputCheck.Expectation(
            container: preset.container,
            limit: preset.video?.boundingSize ?? Preset.Video.defaultMaxSize,
            seconds: written.seconds,
            audioTrackCount: written.audioTrackCount,
            judgement: OutputJudgement(
                frameCount: video == nil ? nil : written.frameCount,
                hasAudio: written.hasAudio,
                pictureSpan: written.pictureSpan,
                inputPictureEnd: video == nil ? nil : source.outcome.pictureEnd,
                inputSoundEnd: sound?.endSeconds,
                inputPeriod: source.period
            ),
            threads: run.cores,
            pictures: examine?.stage.pictures
        )
        if let examine, !output.isReadable { try expected.judgement.check(examine.stage.findings) }
        let start = run.watch.wallSeconds
        let found = try place.check(expected, run.request.limits)
        checkSeconds = run.watch.wallSeconds - start
        return result(source, written, found)
    }

    /// Lets the finished output be seen.
    func publish() throws(TranscodingError) { try place.publish() }

    /// Removes what was written, if it was not published.
    func discard() { place.discard() }

    /// A failed write is the output's fault, whatever stage met it.
    ///
    /// `nil` where it is none of this output's.
    func explanation(of error: TranscodingError) -> TranscodingError? {
        if error.code == .cancelled { return nil }
        if let failure = body.failure { return place.explain(failure) }
        guard let cause = error.cause, cause.isInvalidArgument, case .writer = output else { return nil }
        return place.explain(cause)
    }

    private func result(
        _ source: Source,
        _ written: MuxStage.Written,
        _ found: OutputCheck.Finding
    ) -> TranscodeResult {
        func streamShare(_ codec: String, _ bytes: Int64) -> TranscodeResult.StreamShare {
            let rate = Double(bytes) * 8 / max(found.duration, 0.001)
            return .init(codec: codec, byteCount: bytes, bitsPerSecond: Int64(rate))
        }
        let decoding =
            video == nil ? [] : [TranscodeResult.StageTime(name: "decode", busySeconds: source.decodeSeconds)]
        var recipe = Recipe(
            source.outcome.sources,
            run.request,
            preset,
            run.share,
            cores: run.cores,
            maker: ranges?.maker ?? video?.maker,
            output: (found.sha256, body.byteCount)
        )
        recipe.segments = ranges?.plan.record
        return TranscodeResult(
            outputPath: output.name,
            byteCount: body.byteCount,
            duration: found.duration,
            size: found.size,
            frameRate: found.frameRate,
            video: written.videoCodec.map { streamShare($0, written.videoBytes) },
            audio: written.audioCodec.map { streamShare($0, written.audioBytes) },
            input: source.detected,
            decodedFrameCount: source.outcome.frameCount,
            frameCount: written.frameCount,
            damage: source.outcome.damage.isEmpty ? nil : source.outcome.damage,
            shortSeconds: source.outcome.shortSeconds > 0 ? source.outcome.shortSeconds : nil,
            ssim: examine?.stage.ssim(until: written.seconds),
            segments: ranges?.use ?? segments,
            recipe: recipe,
            wallSeconds: run.watch.wallSeconds,
            cpuSeconds: run.watch.usedCPUSeconds,
            stages: decoding + (ranges?.times ?? video?.times ?? []) + [
                .init(name: "audio", busySeconds: source.soundSeconds),
                .init(name: "examine", busySeconds: examine?.packets.handlingSeconds ?? 0),
                .init(name: "check", busySeconds: checkSeconds),
                .init(
                    name: "mux",
                    busySeconds: packets.handlingSeconds - (examine?.packets.blockedSeconds ?? 0)
                ),
            ]
        )
    }
}
