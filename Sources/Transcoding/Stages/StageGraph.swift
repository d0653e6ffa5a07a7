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
        try request.preset.checkAbilities()
        guard let videoPreset = request.preset.video, let audioPreset = request.preset.audio else {
            throw TranscodingError(.presetInvalid, "preset \(request.preset.name) lacks Video or Audio")
        }
        let limits = request.limits
        let watch = ResourceWatch(limits: limits, name: name)
        let body = try InputOpening.body(request.input, limits)
        input.withLock { $0 = body }
        if failure.hasFailed { body.interrupt() }
        var reader = try InputReader.open(body, limits: limits, name: name)
        let plan = reader.plan
        let place = try request.place(for: plan)
        defer { place.discard() }
        let output = try place.create()

        let cores = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let share = CoreShare(cores: cores)
        let throttle = ProgressThrottle(total: plan.statedDuration, watch: watch, report: report)
        let mux = MuxStage(
            kinds: plan.audio == nil ? [.video] : [.video, .audio],
            body: output,
            options: place.muxerOptions,
            preset: request.preset,
            limits: limits,
            onProgress: throttle.report
        )
        let muxStage = Stage<MuxMessage>("mux", slots: 64, failure: failure, handler: mux.accept)
        let quality = QualityStage()
        let qualityStage = Stage<SampleWindow>("quality", slots: 1, failure: failure, handler: quality.accept)
        let encode = VideoEncodeStage(
            preset: videoPreset,
            seconds: plan.statedDuration,
            threads: share.encoder,
            output: muxStage,
            samples: qualityStage
        )
        let encodeStage = Stage<PictureMessage>("encode", slots: 4, failure: failure, handler: encode.accept)
        let picture = PictureStage(
            stream: plan.video,
            preset: videoPreset,
            threads: share.filter,
            output: encodeStage
        )
        let pictureStage = Stage<PictureInput>("picture", slots: 4, failure: failure) { message in
            switch message {
            case .picture(let frame, let ticks): try picture.accept(frame, ticks: ticks)
            case .end: try picture.finish()
            }
        }
        try InputOpening.checkDecoders(plan, limits, name)
        let decode = try DecodeStage(
            stream: plan.video,
            originTicks: plan.origin.converted(to: plan.video.timebase).ticks,
            limits: limits,
            name: name,
            threads: share.decoder,
            output: pictureStage
        )
        let decodeStage = Stage<PacketMessage>("decode", slots: 16, failure: failure, handler: decode.accept)
        let audio = try plan.audio.map { stream in
            try AudioStage(
                preset: audioPreset,
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
        let audioStage = Stage<PacketMessage>("audio", slots: 64, failure: failure) { try audio?.accept($0) }

        let container = reader.container
        func detected(_ duration: Double) -> DetectedProperties {
            DetectedProperties(plan, container: container, byteCount: body.byteCount, duration: duration)
        }
        throttle.begin(detected(plan.statedDuration ?? 0))

        let readFailure = try reader.read(pictures: decodeStage, sound: audioStage, failure: failure) {
            seconds in
            try watch.check(
                seconds: min(max(seconds, plan.statedDuration ?? 0), limits.maxDuration),
                waited: body.waitedSeconds + output.waitedSeconds
            )
        }
        decodeStage.send(.end)
        if audio != nil { audioStage.send(.end) }
        decodeStage.drain()
        pictureStage.drain()
        encodeStage.drain()
        audioStage.drain()
        muxStage.drain()
        qualityStage.drain()
        if let first = failure.first { throw translated(first, output, place) }
        let tally = decode.tally
        try InputOpening.checkDamage(
            tally,
            plan,
            soundEnd: audio?.endSeconds ?? 0,
            readFailure: readFailure,
            name: name
        )
        do { try mux.finish() } catch { throw translated(FailureTranslation.of(error), output, place) }
        let written = mux.written
        let expected = OutputCheck.Expectation(
            frameCount: written.frameCount,
            hasAudio: written.hasAudio,
            limit: videoPreset.boundingSize,
            seconds: written.seconds
        )
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
            video: streamShare("h264", written.videoBytes),
            audio: written.hasAudio ? streamShare("aac", written.audioBytes) : nil,
            input: detected(plan.statedDuration ?? max(tally.endSeconds, audio?.endSeconds ?? 0)),
            decodedFrameCount: tally.frameCount,
            frameCount: written.frameCount,
            ssim: quality.ssim(until: written.seconds),
            wallSeconds: watch.wallSeconds,
            cpuSeconds: watch.usedCPUSeconds,
            stages: [
                .init(name: "decode", busySeconds: decodeStage.handlingSeconds - pictureStage.blockedSeconds),
                .init(
                    name: "picture",
                    busySeconds: pictureStage.handlingSeconds - encodeStage.blockedSeconds
                ),
                .init(name: "encode", busySeconds: encodeStage.handlingSeconds),
                .init(name: "audio", busySeconds: audioStage.handlingSeconds),
                .init(name: "mux", busySeconds: muxStage.handlingSeconds),
                .init(name: "quality", busySeconds: qualityStage.handlingSeconds),
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
        let video = plan.video
        self.init(
            container: container,
            byteCount: byteCount,
            duration: duration,
            size: video.size,
            uprightSize: video.orientation.swapsAxes ? video.size.swapped : video.size,
            frameRate: video.averageFrameRate.value,
            videoCodec: video.codec,
            audioCodec: plan.audio?.codec
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
