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
    /// Why this run makes the pictures as a whole, where an earlier one found that ranges will not do.
    private let reason: String?
    /// The run that makes them as a whole after this one.
    private let successor = Mutex<StageGraph?>(nil)

    init(
        _ request: TranscodeRequest,
        without reason: String? = nil,
        report: @escaping @Sendable (TranscodeProgress) -> Void
    ) {
        self.request = request
        self.reason = reason
        self.report = report
        name = (request.input.name as NSString).lastPathComponent
    }

    /// Ends the run with `cancelled` as soon as the stages notice.
    func cancel() {
        failure.record(TranscodingError(.cancelled, "\(name) was cancelled"))
        input.withLock { $0?.interrupt() }
        successor.withLock { $0 }?.cancel()
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
        } catch let unsuited as SegmentPlan.Unsuited where failure.first?.code != .cancelled {
            let again = StageGraph(request, without: unsuited.reason, report: report)
            successor.withLock { $0 = again }
            if failure.first?.code == .cancelled { again.cancel() }
            return again.runHere()
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
        let cores = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let share = CoreShare(cores: cores)
        let throttle = ProgressThrottle(total: survey.duration, watch: watch, report: report)
        let rendition = try RenditionPath(
            RenditionPath.Run(
                request: request,
                survey: survey,
                share: share,
                cores: cores,
                watch: watch,
                failure: failure
            ),
            onProgress: throttle.report
        )
        defer { rendition.discard() }
        let watching: (Double, Double) throws -> Void = { seconds, waited in
            try watch.check(
                seconds: min(seconds, limits.maxDuration * Double(opening.clips.count)),
                waited: waited + rendition.waitedSeconds
            )
        }
        let gain = try gain(opening, survey, watching)
        let audio = rendition.hasSound ? sound(for: rendition, gain) : nil
        let (container, byteCount) = (reader.container, reader.body.byteCount)
        func detected(_ duration: Double) -> DetectedProperties {
            DetectedProperties(plan, container: container, byteCount: byteCount, duration: duration)
        }
        throttle.begin(detected(plan.statedDuration ?? 0))
        rendition.ranges = try ranges(plan, rendition, survey, cores: cores)
        let whole = rendition.video.map { video in
            DecodePath(limits: limits, threads: share.decoder, failure: failure, renditions: [video])
        }
        let decoding: (any PicturePath)? = rendition.ranges ?? whole
        let sequence = InputSequence(
            opening,
            survey,
            video: decoding,
            audio: audio,
            failure: failure,
            allowsDamage: request.allowsDamage,
            watch: watching
        )
        attend(reader.body)
        try sequence.run(reader)
        rendition.drain()
        if let unsuited = rendition.ranges?.unsuited { throw unsuited }
        if let first = failure.first { throw rendition.translated(first) }
        try rendition.finish()
        let outcome = sequence.outcome
        let source = RenditionPath.Source(
            outcome: outcome,
            detected: detected(plan.statedDuration ?? outcome.firstEnd),
            period: plan.video.map { 1 / max($0.averageFrameRate.value, 1) } ?? 0,
            decodeSeconds: decoding?.busySeconds ?? 0
        )
        let result = try rendition.check(
            source,
            soundEnd: outcome.soundEnd,
            soundSeconds: outcome.soundSeconds
        )
        try rendition.publish()
        rendition.ranges?.clearStore()
        return result
    }

    /// What makes the pictures in ranges; `nil` where they are made as a whole.
    private func ranges(
        _ plan: InputPlan,
        _ rendition: RenditionPath,
        _ survey: InputSurvey,
        cores: Int
    ) throws -> SegmentedPath? {
        guard let stream = plan.video, let video = rendition.preset.video else { return nil }
        guard let wish = SegmentWish(request, seconds: survey.duration, cores: cores) else { return nil }
        do {
            if let reason = reason ?? SegmentRules.problem(request) { throw SegmentPlan.Unsuited(reason) }
            let job = SegmentEncoder.Job(
                input: request.input,
                name: name,
                stream: stream,
                origin: plan.origin.converted(to: stream.timebase).ticks,
                preset: video,
                engine: rendition.preset.engine,
                muxer: rendition.muxer,
                limits: request.limits,
                seconds: survey.duration ?? 0,
                failure: failure
            )
            let plan = try SegmentJob.prepare(
                job,
                wanted: wish,
                workers: cores,
                isHashed: request.resumeFolder != nil,
                attend: attend
            )
            let store = try request.resumeFolder.map {
                try SegmentStore(folder: $0, key: try plan.key(request))
            }
            return SegmentedPath(plan, store: store, output: rendition.packets, samples: rendition.samples)
        } catch let unsuited as SegmentPlan.Unsuited {
            rendition.segments = SegmentUse(count: 1, workers: 1, keptCount: 0, reason: unsuited.reason)
            return nil
        }
    }

    /// What decodes the sound and encodes it for a rendition.
    private func sound(for rendition: RenditionPath, _ gain: Float) -> AudioStage? {
        rendition.preset.audio.map { settings in
            AudioStage(preset: settings, gain: gain) {
                [hasGlobalHeader = rendition.muxer.hasGlobalHeader, packets = rendition.packets] encoding in
                let encoder = try SoundEncoder(
                    encoding,
                    hasGlobalHeader: hasGlobalHeader,
                    outputs: [packets]
                )
                return (encoder, encoding.format)
            }
        }
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
