internal import Dispatch
internal import FFmpeg
internal import Foundation

/// Makes an output's pictures in ranges, several at a time, and hands them to the muxer in their order.
///
/// What comes out depends on the ranges alone, not on how many are encoded at a time: each encoder has one thread.
/// At most three ranges more than there are workers are in memory.
final class SegmentedPath: PicturePath, Sendable {
    private struct State {
        var next = 0
        var finished: [Int: Result<EncodedSegment, any Error>] = [:]
        var tally = DecodeStage.Tally()
        var maker: VideoEncodeStage.Maker?
        var seconds = SegmentSeconds()
        var keptCount = 0
        var unsuited: SegmentPlan.Unsuited?
    }

    let plan: SegmentJob
    private let store: SegmentStore?
    private let output: Stage<MuxMessage>
    private let failure: FirstFailure
    private let pace: SegmentPace
    private let samples: PictureSamples
    private let state = Lock(State())
    /// Lets workers go on; one signal for each range that may wait.
    private let permits = DispatchSemaphore(value: 0)
    private let done: [DispatchSemaphore]
    private let work = DispatchGroup()

    init(_ plan: SegmentJob, store: SegmentStore?, output: Stage<MuxMessage>, samples: PictureSamples) {
        self.plan = plan
        self.store = store
        self.output = output
        self.samples = samples
        failure = plan.job.failure
        pace = SegmentPace(failure)
        done = plan.parts.map { _ in DispatchSemaphore(value: 0) }
    }

    /// Why the ranges did not stand by themselves after all.
    var unsuited: SegmentPlan.Unsuited? { state.withLock { $0.unsuited } }
    var maker: VideoEncodeStage.Maker? { state.withLock { $0.maker } }
    /// What is told of the ranges.
    var use: SegmentUse {
        SegmentUse(count: plan.parts.count, workers: plan.workers, keptCount: state.withLock { $0.keptCount })
    }
    var busySeconds: Double { state.withLock { $0.seconds.decode } }

    var times: [TranscodeResult.StageTime] {
        let seconds = state.withLock { $0.seconds }
        return [
            .init(name: "picture", busySeconds: seconds.picture),
            .init(name: "encode", busySeconds: seconds.encode),
        ]
    }

    /// The ranges are read by those who encode them.
    func begin(
        _ stream: FFmpeg.Stream,
        origin: Timestamp,
        span: ClipSpan,
        name: String
    ) -> Stage<PacketMessage>? {
        for _ in 0..<plan.workers + 2 { permits.signal() }
        for index in 0..<plan.workers {
            DispatchQueue(label: "recast.range.\(index)", qos: .userInitiated).async(group: work) { [self] in
                encode()
            }
        }
        DispatchQueue(label: "recast.join", qos: .userInitiated).async(group: work) { [self] in
            join()
            pace.endPictures()
        }
        return nil
    }

    func pace(_ seconds: Double) { pace.read(to: seconds) }

    func drain() -> DecodeStage.Tally {
        pace.endReading()
        work.wait()
        return state.withLock { $0.tally }
    }

    func close(at end: Double?) {}

    func finish() { output.send(.ended(.video)) }

    /// Removes what was kept, once the output is there.
    func clearStore() { store?.clear(count: plan.parts.count) }

    // MARK: Workers

    private func encode() {
        var encoder: SegmentEncoder?
        while true {
            permits.wait()
            let index = state.withLock { state in
                defer { state.next += 1 }
                return state.next
            }
            guard index < plan.parts.count else {
                permits.signal()
                return
            }
            let result: Result<EncodedSegment, any Error>
            if failure.hasFailed {
                result = .success(EncodedSegment())
            } else {
                do { result = .success(try segment(index, &encoder)) } catch { result = .failure(error) }
            }
            state.withLock { $0.finished[index] = result }
            done[index].signal()
        }
    }

    private func segment(_ index: Int, _ encoder: inout SegmentEncoder?) throws -> EncodedSegment {
        if let kept = store?.read(index) {
            state.withLock { $0.keptCount += 1 }
            return kept
        }
        if encoder == nil { encoder = try SegmentEncoder(plan.job) }
        let made = try encoder?.encode(
            plan.parts[index],
            plan: plan.video,
            target: plan.target,
            overlaps: SegmentRules.overlaps(
                cores: plan.cores,
                workers: plan.workers,
                following: plan.parts.count - index - 1
            )
        )
        let segment = made ?? EncodedSegment()
        if !failure.hasFailed { try store?.write(segment, index) }
        return segment
    }

    // MARK: Joining

    private func join() {
        var track: Muxer.Track?
        do {
            let made = try SegmentHeader.track(plan)
            output.send(.opened(.video, made))
            track = made
        } catch { fail(error) }
        var times = JoinedTimes()
        for index in plan.parts.indices {
            done[index].wait()
            let result = state.withLock { $0.finished.removeValue(forKey: index) }
            permits.signal()
            // After a failure, nobody is to wait for a permit.
            guard !failure.hasFailed, let result, let track else { continue }
            do { try join(try result.get(), header: track.header, &times) } catch { fail(error) }
        }
    }

    private func join(_ segment: EncodedSegment, header: [UInt8], _ times: inout JoinedTimes) throws {
        guard segment.header == header else {
            throw TranscodingError(.engine, "ranges have headers that differ")
        }
        let given = try segment.packets.map { packet in
            guard let pts = packet.pts, let dts = packet.dts else {
                throw TranscodingError(.engine, "an encoded picture has no time")
            }
            return (pts: pts, dts: dts)
        }
        if let sampled = segment.samples { samples.add(sampled) }
        for (packet, dts) in zip(segment.packets, times.next(given)) {
            guard let pts = packet.pts, dts <= pts else {
                throw TranscodingError(.engine, "ranges have times that do not join")
            }
            pace.show(at: Timestamp(ticks: dts, timebase: plan.video.timebase).seconds)
            output.send(.packet(.video, try packet.with(dts: dts)))
        }
        state.withLock { state in
            state.tally.add(segment.tally)
            state.seconds += segment.seconds
            if state.maker == nil { state.maker = segment.maker }
        }
    }

    private func fail(_ error: any Error) {
        if let unsuited = error as? SegmentPlan.Unsuited { state.withLock { $0.unsuited = unsuited } }
        failure.record(error)
    }
}

/// What the muxer has to know of pictures before there are any.
enum SegmentHeader {
    static func track(_ plan: SegmentJob) throws -> Muxer.Track {
        let job = plan.job
        let choice = VideoEncoderChoice(
            job.preset,
            job.engine,
            plan.video,
            seconds: job.seconds,
            threads: 1,
            isPart: true,
            quality: plan.target?.quality
        )
        return choice.track(try choice.open(plan.video, job.muxer, threads: 1), plan.video, job.muxer)
    }
}

extension DecodeStage.Tally {
    /// Adds what was decoded of a range that follows.
    mutating func add(_ next: DecodeStage.Tally) {
        frameCount += next.frameCount
        errorCount += next.errorCount
        lostCount += next.lostCount
        leadingErrorCount += next.leadingErrorCount
        sentCount += next.sentCount
        endSeconds = max(endSeconds, next.endSeconds)
        sentEndSeconds = max(sentEndSeconds, next.sentEndSeconds)
    }
}
