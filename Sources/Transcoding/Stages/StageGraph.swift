internal import Dispatch
internal import FFmpeg
internal import Foundation
internal import Synchronization

/// Builds the stages of one request and runs them on their own queues.
final class StageGraph: Sendable {
    private let request: TranscodeRequest
    private let name: String
    private let failure = FirstFailure()
    private let input = Mutex<InputBody?>(nil)
    private let report: @Sendable (TranscodeProgress) -> Void

    init(_ request: TranscodeRequest, report: @escaping @Sendable (TranscodeProgress) -> Void) {
        self.request = request
        self.report = report
        name = (request.input.name as NSString).lastPathComponent
    }

    /// Ends the run with `cancelled` as soon as the stages notice.
    func cancel() {
        failure.record(TranscodingError(.cancelled, "\(name) was cancelled"))
        input.withLock { $0?.interrupt() }
    }

    /// Runs to the end on a queue of its own.
    func run() async -> Result<TranscodeResult, TranscodingError> {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "recast.demux", qos: .userInitiated).async { [self] in
                continuation.resume(returning: runHere())
            }
        }
    }

    /// Runs to the end, and blocks the calling thread until then.
    func runHere() -> Result<TranscodeResult, TranscodingError> {
        do {
            return .success(try runBlocking())
        } catch {
            // What is thrown says more than what a stage recorded, unless somebody cancelled.
            let first = failure.first.flatMap { $0.code == .cancelled ? $0 : nil }
            failure.record(error)
            return .failure(first ?? FailureTranslation.of(error))
        }
    }

    private func runBlocking() throws -> TranscodeResult {
        let preset = request.preset
        try preset.checkAbilities()
        let limits = request.limits
        let watch = ResourceWatch(limits: limits, name: name)
        let opening = InputSequence.Opening(
            clips: request.clips,
            spans: try request.spans(),
            wish: wish,
            limits: limits,
            attend: attend
        )
        let reader = try opening.reader(0)
        let plan = reader.plan
        let survey = try survey(plan, opening)
        let place = try request.place(for: survey)
        defer { place.discard() }
        let output = try place.create()

        let cores = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let share = CoreShare(cores: cores)
        let throttle = ProgressThrottle(total: survey.duration, watch: watch, report: report)
        var muxer = MuxerChoice(preset)
        if preset.container.hasMoovFirst { muxer.options.merge(place.muxerOptions) { $1 } }
        let mux = MuxStage(
            kinds: (preset.video == nil ? [] : [.video]) + (survey.soundFormat == nil ? [] : [.audio]),
            body: output,
            muxer: muxer,
            preset: preset,
            limits: limits,
            onProgress: throttle.report
        )
        // What cannot be read back is decoded on its way.
        let examine = request.output.isReadable ? nil : ExamineStage(limits: limits)
        let examineStage = examine.map { examine in
            Stage<MuxMessage>("examine", slots: 64, failure: failure, handler: examine.accept)
        }
        let muxStage = Stage<MuxMessage>("mux", slots: 64, failure: failure) { message in
            examineStage?.send(message)
            try mux.accept(message)
        }
        let video = preset.video.map { settings in
            VideoPath(
                preset: settings,
                engine: preset.engine,
                muxer: muxer,
                seconds: survey.duration,
                limits: limits,
                share: share,
                failure: failure,
                output: muxStage
            )
        }
        let watching: (Double, Double) throws -> Void = { seconds, waited in
            try watch.check(
                seconds: min(seconds, limits.maxDuration * Double(opening.clips.count)),
                waited: waited + output.waitedSeconds
            )
        }
        let gain = try gain(opening, survey, watching)
        let audio = preset.audio.flatMap { settings in
            survey.soundFormat == nil
                ? nil
                : AudioStage(preset: settings, gain: gain) {
                    [hasGlobalHeader = muxer.hasGlobalHeader] encoding in
                    let encoder = try SoundEncoder(
                        encoding,
                        hasGlobalHeader: hasGlobalHeader,
                        output: muxStage
                    )
                    return (encoder, encoding.format)
                }
        }

        let (container, byteCount) = (reader.container, reader.body.byteCount)
        func detected(_ duration: Double) -> DetectedProperties {
            DetectedProperties(plan, container: container, byteCount: byteCount, duration: duration)
        }
        throttle.begin(detected(plan.statedDuration ?? 0))

        let sequence = InputSequence(
            opening,
            survey,
            video: video,
            audio: audio,
            failure: failure,
            allowsDamage: request.allowsDamage,
            watch: watching
        )
        attend(reader.body)
        try sequence.run(reader)
        if audio != nil { muxStage.send(.ended(.audio)) }
        muxStage.drain()
        examineStage?.drain()
        if let first = failure.first { throw translated(first, output, place) }
        let outcome = sequence.outcome
        do { try mux.finish() } catch { throw translated(FailureTranslation.of(error), output, place) }
        let written = mux.written
        let expected = OutputCheck.Expectation(
            container: preset.container,
            limit: preset.video?.boundingSize ?? Preset.Video.defaultMaxSize,
            seconds: written.seconds,
            audioTrackCount: written.audioTrackCount,
            judgement: OutputJudgement(
                frameCount: video == nil ? nil : written.frameCount,
                hasAudio: written.hasAudio,
                pictureSpan: written.pictureSpan,
                inputPictureEnd: outcome.pictureEnd,
                inputSoundEnd: outcome.soundEnd,
                inputPeriod: plan.video.map { 1 / max($0.averageFrameRate.value, 1) } ?? 0
            ),
            threads: cores
        )
        if let examine { try expected.judgement.check(examine.finish()) }
        let found = try place.check(expected, limits)
        try place.publish()
        func streamShare(_ codec: String, _ bytes: Int64) -> TranscodeResult.StreamShare {
            let rate = Double(bytes) * 8 / max(found.duration, 0.001)
            return .init(codec: codec, byteCount: bytes, bitsPerSecond: Int64(rate))
        }
        return TranscodeResult(
            outputPath: request.output.name,
            byteCount: output.byteCount,
            duration: found.duration,
            size: found.size,
            frameRate: found.frameRate,
            video: written.videoCodec.map { streamShare($0, written.videoBytes) },
            audio: written.audioCodec.map { streamShare($0, written.audioBytes) },
            input: detected(plan.statedDuration ?? outcome.firstEnd),
            decodedFrameCount: outcome.frameCount,
            frameCount: written.frameCount,
            damage: outcome.damage.isEmpty ? nil : outcome.damage,
            ssim: video?.ssim(until: written.seconds),
            recipe: Recipe(
                outcome.sources,
                request,
                share,
                cores: cores,
                maker: video?.maker,
                output: (found.sha256, output.byteCount)
            ),
            wallSeconds: watch.wallSeconds,
            cpuSeconds: watch.usedCPUSeconds,
            stages: (video?.times ?? []) + [
                .init(name: "audio", busySeconds: outcome.soundSeconds),
                .init(name: "mux", busySeconds: muxStage.handlingSeconds),
            ]
        )
    }

    private var wish: InputPlan.Wish {
        var wish = InputPlan.Wish(request.preset, language: request.language)
        wish.allowsSilence = request.clips.count > 1
        return wish
    }

    /// Lets a cancellation interrupt what reads `body`.
    private func attend(_ body: InputBody) {
        input.withLock { $0 = body }
        if failure.hasFailed { body.interrupt() }
    }

    /// What the loudness that is asked for multiplies every sample by.
    private func gain(
        _ opening: InputSequence.Opening,
        _ survey: InputSurvey,
        _ watch: @escaping (Double, Double) throws -> Void
    ) throws -> Float {
        guard let target = request.loudness, let preset = request.preset.audio, survey.soundFormat != nil
        else {
            return 1
        }
        return try LoudnessPass(opening, survey, preset: preset, failure: failure).gain(
            to: target,
            watch: watch
        )
    }

    /// Looks at all inputs, so that one that cannot be used is refused before any work is done.
    private func survey(_ first: InputPlan, _ opening: InputSequence.Opening) throws -> InputSurvey {
        var survey = InputSurvey()
        for (index, clip) in opening.clips.enumerated() {
            let plan = index == 0 ? first : try opening.reader(index).plan
            try InputOpening.checkDecoders(plan, request.limits, clip.name)
            survey.add(plan, opening.spans[index])
        }
        if request.preset.video == nil, survey.soundFormat == nil {
            throw TranscodingError(.inputUnsupported, "none of the inputs has sound")
        }
        return survey
    }

    /// A failed write is the output's fault, whatever stage met it.
    private func translated(
        _ error: TranscodingError,
        _ output: OutputBody,
        _ place: any OutputPlace
    ) -> TranscodingError {
        if error.code == .cancelled { return error }
        if let failure = output.failure { return place.explain(failure) }
        guard let cause = error.cause, cause.isInvalidArgument, case .writer = request.output else {
            return error
        }
        return place.explain(cause)
    }
}

extension DetectedProperties {
    fileprivate init(_ plan: InputPlan, container: String, byteCount: Int64, duration: Double) {
        let video = plan.detectedVideo
        self.init(
            container: container,
            byteCount: byteCount,
            duration: duration,
            size: video?.size,
            uprightSize: video.map { $0.orientation.swapsAxes ? $0.size.swapped : $0.size },
            frameRate: video?.averageFrameRate.value,
            videoCodec: video?.codec,
            audioCodec: plan.detectedAudio?.codec
        )
    }
}

/// How the cores are shared out between the stages.
struct CoreShare {
    let decoder: Int
    let filter: Int
    let encoder: Int

    init(cores: Int) {
        decoder = min(cores + 1, 8)
        filter = min(cores, 4)
        encoder = max(1, min(cores * 3 / 2, 24))
    }
}

/// Lets at most ten reports a second through.
final class ProgressThrottle: Sendable {
    private let total: Double?
    private let watch: ResourceWatch
    private let last = Mutex(0.0)
    private let sink: @Sendable (TranscodeProgress) -> Void

    init(total: Double?, watch: ResourceWatch, report: @escaping @Sendable (TranscodeProgress) -> Void) {
        self.total = total
        self.watch = watch
        sink = report
    }

    /// Reports what the input is, before anything is made of it.
    func begin(_ input: DetectedProperties) {
        sink(
            TranscodeProgress(
                seconds: 0,
                totalSeconds: total,
                frameCount: 0,
                byteCount: 0,
                elapsed: watch.wallSeconds,
                input: input
            )
        )
    }

    @Sendable func report(seconds: Double, frames: Int, bytes: Int64) {
        let now = watch.wallSeconds
        let isDue = last.withLock { last in
            guard now - last >= 0.1 else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        sink(
            TranscodeProgress(
                seconds: seconds,
                totalSeconds: total,
                frameCount: frames,
                byteCount: bytes,
                elapsed: now
            )
        )
    }
}
