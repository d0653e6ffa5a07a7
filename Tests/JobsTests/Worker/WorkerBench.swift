import Foundation
import IsolatedEngine
import Jobs
import Logging
import TestBackends
import Transcoding

/// Everything a worker needs, in memory and on a clock that waiting moves.
struct WorkerBench: Sendable {
    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let spoolFolder = NSTemporaryDirectory() + "recast-worker-tests"
    static let topics = Pipeline.Topics(progressing: "began", completed: "done", error: "failed")
    static let pipeline = Pipeline(id: "p", name: "p", inputBucket: "media", topics: topics)

    let backend: InMemoryBackend
    let clock: ManualClock
    let engine: FakeEngine
    var pipelines = [WorkerBench.pipeline]
    var concurrency = 1
    var grace = 18.0
    var leaseSeconds = 60.0
    /// Where objects are, when not in memory.
    var objects: (any ObjectStore)?
    /// How the notifier fails beyond what a worker's plan says.
    var notifierPlan = FaultPlan.none()

    init(engine: FakeEngine = FakeEngine(), buckets: [String] = ["media", "other"]) {
        let clock = ManualClock()
        self.clock = clock
        self.engine = engine
        backend = InMemoryBackend(buckets: buckets, now: { clock.now })
    }

    // MARK: - A worker's parts, all of which fail as `plan` says

    var store: any ObjectStore { objects ?? backend.objects }

    func ledger(_ owner: String = "worker", _ plan: FaultPlan = .none()) -> JobLedger {
        JobLedger(
            store: FaultInjectingMetadataStore(backend.metadata, plan),
            owner: owner,
            leaseSeconds: leaseSeconds,
            now: { [clock] in clock.now }
        )
    }

    func queue(_ plan: FaultPlan = .none()) -> any JobQueue {
        let engine = engine
        let queue = TimeTravelQueue(queue: backend.queue, clock: clock, isBusy: { engine.isRunning })
        return FaultInjectingJobQueue(queue, plan)
    }

    func outbox(_ plan: FaultPlan = .none()) -> Outbox {
        Outbox(
            store: FaultInjectingMetadataStore(backend.metadata, plan),
            notifier: FaultInjectingNotifier(FaultInjectingNotifier(backend.notifier, notifierPlan), plan),
            now: { [clock] in clock.now }
        )
    }

    func executor(
        _ owner: String = "worker",
        _ plan: FaultPlan = .none(),
        outbox: Outbox? = nil,
        observer: @escaping JobObserver = { _ in }
    ) -> JobExecutor {
        let ledger = ledger(owner, plan)
        let runner = JobRunner(
            objects: FaultInjectingObjectStore(store, plan),
            ledger: ledger,
            engine: { [engine] request, input, output, onProgress async throws(EngineFailure) in
                try await engine.run(request, input, output, onProgress)
            },
            presets: PresetDirectory(
                library: Self.presets,
                store: FaultInjectingMetadataStore(backend.metadata, plan)
            ).preset,
            settings: JobRunner.Settings(spoolFolder: Self.spoolFolder),
            now: { [clock] in clock.now }
        )
        return JobExecutor(
            ledger: ledger,
            runner: runner,
            outbox: outbox ?? self.outbox(plan),
            queue: queue(plan),
            pipeline: PipelineDirectory(
                configured: pipelines,
                store: FaultInjectingMetadataStore(backend.metadata, plan)
            ).pipeline,
            observer: observer,
            now: { [clock] in clock.now }
        )
    }

    func intake(_ plan: FaultPlan = .none()) -> JobIntake {
        JobIntake(
            objects: FaultInjectingObjectStore(store, plan),
            store: FaultInjectingMetadataStore(backend.metadata, plan),
            pipelines: pipelines,
            now: { [clock] in clock.now }
        )
    }

    func worker(
        _ owner: String = "worker",
        _ plan: FaultPlan = .none(),
        endsWhenEmpty: Bool = true,
        observer: @escaping JobObserver = { _ in }
    ) -> Worker {
        var settings = Worker.Settings()
        settings.concurrency = concurrency
        settings.visibility = leaseSeconds
        settings.grace = grace
        settings.endsWhenEmpty = endsWhenEmpty
        let outbox = outbox(plan)
        return Worker(
            queue: queue(plan),
            intake: intake(plan),
            executor: executor(owner, plan, outbox: outbox, observer: observer),
            outbox: outbox,
            settings: settings,
            log: Self.log
        )
    }

    private static let presets = PresetLibrary(folders: [
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("presets", isDirectory: true)
    ])
}

extension WorkerBench {
    /// Puts an object, and returns the event that tells of it.
    func upload(
        _ text: String,
        _ key: String,
        sequencer: String = "0055AED6DCD90281E5",
        bucket: String = "media"
    ) async throws -> String {
        let eTag = try await store.write(
            Data(text.utf8),
            to: ObjectLocation(bucket: bucket, key: key),
            attributes: ObjectAttributes(contentType: "video/mp4"),
            condition: .none
        )
        return Self.event(key, eTag: eTag, sequencer: sequencer, bucket: bucket)
    }

    static func event(
        _ key: String,
        eTag: String,
        sequencer: String = "0055AED6DCD90281E5",
        bucket: String = "media"
    ) -> String {
        EventSamples.records([record(key, eTag: eTag, sequencer: sequencer, bucket: bucket)])
    }

    static func record(
        _ key: String,
        eTag: String,
        sequencer: String = "0055AED6DCD90281E5",
        bucket: String = "media"
    ) -> [String: Any] {
        let plain = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/"
        )
        let spelled = (key.addingPercentEncoding(withAllowedCharacters: plain) ?? "")
            .replacingOccurrences(of: "%20", with: "+")
        return EventSamples.record(
            key: spelled,
            bucket: bucket,
            object: ["eTag": eTag, "sequencer": sequencer]
        )
    }

    func send(_ body: String) async throws { try await queue().send(body, delay: 0) }

    /// Lets a worker run until there is nothing left to do.
    func runWorker(_ plan: FaultPlan = .none()) async { await worker("worker", plan).run() }

    func bytes(_ key: String, bucket: String = "media") async throws -> Data {
        let location = ObjectLocation(bucket: bucket, key: key)
        return try await store.read(location, range: 0..<1 << 40, eTag: nil)
    }

    func jobs() async throws -> [Job] {
        try await backend.metadata.jobs(.all, ascending: true, after: nil, limit: 100).items
    }

    /// What topics were told, each once, in order.
    func notifications() async -> [String] {
        var seen: Set<String> = []
        return await backend.notifier.sent.filter { seen.insert($0.id).inserted }.map(\.topic)
    }

    func transcoding(of key: String) async throws -> VideoTranscoding? {
        let place = RecordPlace(objectKey: key)
        return await backend.metadata.record(projectStep: place.projectStep, video: key)?.transcoding
    }

    /// A job that waits, stored.
    @discardableResult
    func storeJob(
        _ id: String = "1790000000000-aaaaaa",
        key: String = "a.mp4",
        outputs: [String] = ["a.mp4"],
        origin: Job.Origin = .event,
        sequencer: String? = "01",
        pipelineID: String = "p"
    ) async throws -> Job {
        try await backend.metadata.insert(
            Self.job(
                id,
                key: key,
                outputs: outputs,
                origin: origin,
                sequencer: sequencer,
                pipelineID: pipelineID
            )
        )
    }

    static func job(
        _ id: String = "1790000000000-aaaaaa",
        key: String = "a.mp4",
        outputs: [String] = ["a.mp4"],
        origin: Job.Origin = .event,
        sequencer: String? = "01",
        pipelineID: String = "p"
    ) -> Job {
        Job(
            id: id,
            pipelineID: pipelineID,
            identity: origin == .event ? id : nil,
            origin: origin,
            input: Job.Input(bucket: "media", key: key, sequencer: sequencer),
            outputBucket: "media",
            outputKeyPrefix: "output/web/",
            outputs: outputs.enumerated().map { index, key in
                Job.Output(id: "\(index + 1)", key: key, presetID: "web")
            },
            submitted: Date(timeIntervalSince1970: 1_790_000_000)
        )
    }
}
