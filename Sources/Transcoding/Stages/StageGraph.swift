internal import Dispatch
internal import FFmpeg
internal import Foundation

/// Builds the stages of one request and runs them on their own queues.
final class StageGraph: Sendable {
    private let request: TranscodeRequest
    private let name: String
    private let failure = FirstFailure()
    private let input = Lock<InputBody?>(nil)
    private let report: @Sendable (TranscodeProgress) -> Void
    /// Why this run makes the pictures as a whole, where an earlier one found that ranges will not do.
    private let reason: String?
    /// The run that makes them as a whole after this one.
    private let successor = Lock<StageGraph?>(nil)

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
    func run() async -> Result<[TranscodeResult], TranscodingError> {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "recast.demux", qos: .userInitiated).async { [self] in
                continuation.resume(returning: runHere())
            }
        }
    }

    /// Runs to the end, and blocks the calling thread until then.
    func runHere() -> Result<[TranscodeResult], TranscodingError> {
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

    private func runBlocking() throws -> [TranscodeResult] {
        for rendition in request.renditions { try rendition.preset.checkAbilities() }
        try request.checkOutputs()
        let watch = ResourceWatch(limits: request.limits, name: name, renditions: request.renditions.count)
        let opening = InputSequence.Opening(
            clips: request.clips,
            spans: try request.spans(),
            wish: wish(request.renditions.map(\.preset)),
            limits: request.limits,
            attend: attend
        )
        let first = try opening.reader(0)
        let (plan, container, body) = (first.plan, first.container, first.body)
        var reader: InputReader? = consume first
        let survey = try survey(plan, opening)
        let cores = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let groups = groups(plan, opening)
        let run = RenditionPath.Run(
            request: request,
            survey: survey,
            share: CoreShare(
                request.threadPlan,
                cores: cores,
                decoding: plan.video.map { CoreShare.decoding($0, for: request.renditions.map(\.preset)) }
                    ?? 0,
                renditions: groups.map(\.count).max() ?? 1,
                seconds: survey.duration
            ),
            cores: cores,
            watch: watch,
            failure: failure
        )
        let throttle = ProgressThrottle(
            total: survey.duration,
            renditions: request.renditions.count,
            watch: watch,
            report: report
        )
        var paths: [RenditionPath] = []
        defer { for path in paths { path.discard() } }
        for (index, rendition) in request.renditions.enumerated() {
            paths.append(try RenditionPath(rendition, run, onProgress: throttle.reporter(index)))
        }
        func detected(_ duration: Double) -> DetectedProperties {
            DetectedProperties(plan, container: container, byteCount: body.byteCount, duration: duration)
        }
        throttle.begin(detected(plan.statedDuration ?? 0))
        var results = [TranscodeResult?](repeating: nil, count: paths.count)
        for group in groups {
            let members = group.map { paths[$0] }
            var own = opening
            own.wish = wish(members.map(\.preset))
            // Another group wants other streams, or their packets once more.
            var given: InputReader?
            if own.wish == opening.wish { given = reader.take() }
            if given == nil { given = try own.reader(0) }
            guard let given = given.take() else { continue }
            let source = try make(members, given, own, run, detected)
            for (index, path) in zip(group, members) { results[index] = try path.check(source) }
        }
        for path in paths { try path.publish() }
        for path in paths { path.ranges?.clearStore() }
        return results.compactMap { $0 }
    }

    /// Reads the inputs once, and makes all that is to be made from that decode, up to the outputs' trailers.
    private func make(
        _ paths: [RenditionPath],
        _ reader: consuming InputReader,
        _ opening: InputSequence.Opening,
        _ run: RenditionPath.Run,
        _ detected: (_ duration: Double) -> DetectedProperties
    ) throws -> RenditionPath.Source {
        let limits = request.limits
        let plan = reader.plan
        let watching: (Double, Double) throws -> Void = { seconds, waited in
            try run.watch.check(
                seconds: min(seconds, limits.maxDuration * Double(opening.clips.count)),
                waited: paths.reduce(waited) { $0 + $1.waitedSeconds }
            )
        }
        let sound = try sound(for: paths, opening, run.survey, watching)
        for path in paths { path.ranges = try ranges(plan, path, run) }
        let whole = DecodePath(
            limits: limits,
            threads: run.share.decoder,
            failure: failure,
            renditions: paths.compactMap(\.video)
        )
        // Ranges are made of a single rendition only.
        let decoding: (any PicturePath)? =
            paths.allSatisfy { $0.video == nil } ? nil : (paths[0].ranges as (any PicturePath)?) ?? whole
        let sequence = InputSequence(
            opening,
            run.survey,
            video: decoding,
            audio: sound,
            needsSound: paths.contains { $0.video == nil },
            failure: failure,
            allowsDamage: request.allowsDamage,
            watch: watching
        )
        attend(reader.body)
        try sequence.run(reader)
        for path in paths { path.drain() }
        for path in paths { if let unsuited = path.ranges?.unsuited { throw unsuited } }
        if let first = failure.first {
            throw paths.lazy.compactMap { $0.explanation(of: first) }.first ?? first
        }
        for path in paths { try path.finish() }
        return RenditionPath.Source(
            outcome: sequence.outcome,
            detected: detected(plan.statedDuration ?? sequence.outcome.firstEnd),
            period: plan.video.map { 1 / max($0.averageFrameRate.value, 1) } ?? 0,
            decodeSeconds: decoding?.busySeconds ?? 0,
            soundSeconds: sound?.busySeconds ?? 0
        )
    }

    /// What makes the pictures in ranges; `nil` where they are made as a whole.
    private func ranges(
        _ plan: InputPlan,
        _ rendition: RenditionPath,
        _ run: RenditionPath.Run
    ) throws -> SegmentedPath? {
        guard let stream = plan.video, let video = rendition.preset.video else { return nil }
        let workers = SegmentRules.workers(
            cores: run.cores,
            input: stream.size,
            output: video.boundingSize,
            memory: request.limits.maxResidentBytes
        )
        guard let wish = SegmentWish(request, seconds: run.survey.duration, workers: workers) else {
            return nil
        }
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
                seconds: run.survey.duration ?? 0,
                failure: failure
            )
            let plan = try SegmentJob.prepare(
                job,
                wanted: wish,
                workers: workers,
                cores: run.cores,
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

    /// What decodes the sound once, and encodes it once for all renditions that want it the same way.
    private func sound(
        for paths: [RenditionPath],
        _ opening: InputSequence.Opening,
        _ survey: InputSurvey,
        _ watching: @escaping (Double, Double) throws -> Void
    ) throws -> SoundPath? {
        var tracks: [(wish: RenditionPath.SoundWish, paths: [RenditionPath])] = []
        for path in paths {
            guard let wish = path.soundWish else { continue }
            if let index = tracks.firstIndex(where: { $0.wish == wish }) {
                tracks[index].paths.append(path)
            } else {
                tracks.append((wish, [path]))
            }
        }
        var stages: [AudioStage] = []
        for track in tracks {
            let gain = try gain(track.wish.preset, opening, survey, watching)
            let outputs = track.paths.map(\.packets)
            let stage = AudioStage(preset: track.wish.preset, gain: gain) { [wish = track.wish] encoding in
                let encoder = try SoundEncoder(
                    encoding,
                    hasGlobalHeader: wish.hasGlobalHeader,
                    outputs: outputs
                )
                return (encoder, encoding.format)
            }
            for path in track.paths { path.sound = stage }
            stages.append(stage)
        }
        return stages.isEmpty ? nil : SoundPath(stages, failure: failure)
    }

    private func wish(_ presets: [Preset]) -> InputPlan.Wish {
        var wish = InputPlan.Wish(presets, language: request.language)
        wish.allowsSilence = request.clips.count > 1
        return wish
    }

    private func groups(_ plan: InputPlan, _ opening: InputSequence.Opening) -> [[Int]] {
        RenditionGroups(
            request.renditions.map(\.preset),
            isWhole: opening.spans.allSatisfy(\.isWhole),
            isJoined: opening.clips.count > 1,
            origin: { _, hasAudio in plan.origin(hasAudio: hasAudio).seconds }
        ).groups
    }

    /// Lets a cancellation interrupt what reads `body`.
    private func attend(_ body: InputBody) {
        input.withLock { $0 = body }
        if failure.hasFailed { body.interrupt() }
    }

    /// What the loudness that is asked for multiplies every sample by.
    private func gain(
        _ preset: Preset.Audio,
        _ opening: InputSequence.Opening,
        _ survey: InputSurvey,
        _ watch: @escaping (Double, Double) throws -> Void
    ) throws -> Float {
        guard let target = request.loudness else { return 1 }
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
        guard survey.soundFormat == nil,
            let silent = request.renditions.first(where: { $0.preset.video == nil })
        else {
            return survey
        }
        let what =
            opening.clips.count > 1
            ? "none of the inputs has sound"
            : "\(name) has no sound, only pictures; preset \(silent.preset.name) needs sound"
        throw TranscodingError(.inputUnsupported, what)
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
