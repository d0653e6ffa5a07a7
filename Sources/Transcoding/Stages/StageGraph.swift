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
        let body = try InputOpening.body(request.input, limits)
        input.withLock { $0 = body }
        if failure.hasFailed { body.interrupt() }
        var reader = try InputReader.open(body, for: preset, limits: limits, name: name)
        let plan = reader.plan
        let place = try request.place(for: plan)
        defer { place.discard() }
        let output = try place.create()

        let cores = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let share = CoreShare(cores: cores)
        let throttle = ProgressThrottle(total: plan.statedDuration, watch: watch, report: report)
        var muxer = MuxerChoice(preset)
        if preset.container.hasMoovFirst { muxer.options.merge(place.muxerOptions) { $1 } }
        let mux = MuxStage(
            kinds: (plan.video == nil ? [] : [.video]) + (plan.audio == nil ? [] : [.audio]),
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
        try InputOpening.checkDecoders(plan, limits, name)
        var video: VideoPath?
        if let stream = plan.video, let settings = preset.video {
            video = try VideoPath(
                stream: stream,
                origin: plan.origin,
                preset: settings,
                engine: preset.engine,
                muxer: muxer,
                seconds: plan.statedDuration,
                limits: limits,
                name: name,
                share: share,
                failure: failure,
                output: muxStage
            )
        }
        var audio: AudioStage?
        if let stream = plan.audio, let settings = preset.audio {
            audio = try AudioStage(
                preset: settings,
                hasGlobalHeader: muxer.hasGlobalHeader,
                source: SoundSource.Place(
                    stream: stream,
                    originTicks: plan.origin.converted(to: stream.timebase).ticks,
                    base: 0,
                    end: nil,
                    limits: limits,
                    name: name
                ),
                output: muxStage
            )
        }
        let audioStage = audio.map { audio in
            Stage<PacketMessage>("audio", slots: 64, failure: failure, handler: audio.accept)
        }

        let container = reader.container
        func detected(_ duration: Double) -> DetectedProperties {
            DetectedProperties(plan, container: container, byteCount: body.byteCount, duration: duration)
        }
        throttle.begin(detected(plan.statedDuration ?? 0))

        let readFailure = try reader.read(pictures: video?.packets, sound: audioStage, failure: failure) {
            seconds in
            try watch.check(
                seconds: min(max(seconds, plan.statedDuration ?? 0), limits.maxDuration),
                waited: body.waitedSeconds + output.waitedSeconds
            )
        }
        video?.packets.send(.end)
        audioStage?.send(.end)
        video?.drain()
        audioStage?.drain()
        muxStage.drain()
        examineStage?.drain()
        if let first = failure.first { throw translated(first, output, place) }
        let tally = video?.decode.tally
        let damage = try InputOpening.damage(
            tally,
            audio?.tally ?? AudioStage.Tally(),
            reader.finding,
            plan,
            soundEnd: audio?.endSeconds ?? 0,
            container: container,
            readFailure: readFailure,
            isAllowed: request.allowsDamage,
            name: name
        )
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
                inputPictureEnd: tally?.endSeconds,
                inputSoundEnd: audio?.endSeconds
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
            input: detected(plan.statedDuration ?? max(tally?.endSeconds ?? 0, audio?.endSeconds ?? 0)),
            decodedFrameCount: tally?.frameCount ?? 0,
            frameCount: written.frameCount,
            damage: damage.isEmpty ? nil : damage,
            ssim: video?.ssim(until: written.seconds),
            wallSeconds: watch.wallSeconds,
            cpuSeconds: watch.usedCPUSeconds,
            stages: (video?.times ?? []) + [
                .init(name: "audio", busySeconds: audioStage?.handlingSeconds ?? 0),
                .init(name: "mux", busySeconds: muxStage.handlingSeconds),
            ]
        )
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
