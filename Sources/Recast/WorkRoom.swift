internal import FFmpeg
internal import Foundation
internal import IsolatedEngine
internal import Jobs
internal import LocalBackend
internal import Logging
internal import Transcoding

/// Everything a worker is made of, put together once.
struct WorkRoom: Sendable {
    let backends: Backends
    private let configuration: Configuration
    private let ledger: JobLedger
    private let runner: JobRunner
    private let outbox: Outbox
    private let intake: JobIntake
    private let spool: SpoolFolder
    private let library: PresetLibrary

    init(_ configuration: Configuration, _ backends: Backends) {
        self.configuration = configuration
        self.backends = backends
        ledger = JobLedger(
            store: backends.store,
            owner:
                "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)-\(UUID())",
            leaseSeconds: configuration.worker.visibilityTimeout
        )
        library = PresetLibrary.standard(folder: configuration.presetsFolder)
        spool = SpoolFolder(below: configuration.spoolFolder)
        var settings = JobRunner.Settings(
            spoolFolder: spool.path,
            spoolLimit: configuration.spoolLimit
        )
        settings.limits = configuration.limits
        let cores = ProcessInfo.processInfo.activeProcessorCount
        settings.threads = configuration.worker.threads ?? max(1, cores / configuration.worker.concurrency)
        let engine = EngineProcess()
        settings.prepare = { engine.prepare() }
        runner = JobRunner(
            objects: backends.objects,
            ledger: ledger,
            engine: { request, input, output, onProgress throws(EngineFailure) in
                try await engine.run(request, input: input, output: output, onProgress: onProgress)
            },
            presets: PresetDirectory(library: library, store: backends.store).preset,
            settings: settings
        )
        outbox = Outbox(store: backends.store, notifier: backends.notifier)
        intake = JobIntake(objects: backends.objects, store: backends.store, pipelines: backends.pipelines)
    }

    /// Makes sure that all presets are there: jobs must not fail for what is wrong with the installation.
    func checkPresets() throws(TranscodingError) {
        for pipeline in backends.pipelines {
            for name in pipeline.presets {
                do { _ = try library.preset(name) } catch {
                    let place = "the renditions of pipeline \(pipeline.id) (RECAST_RENDITIONS)"
                    throw TranscodingError(error.code, "\(place): \(error.message)", cause: error.cause)
                }
            }
        }
    }

    /// Removes what is needed no longer when the work has ended.
    func close() { spool.remove() }

    private func executor(
        _ queue: (any JobQueue)?,
        _ observer: @escaping JobObserver = { _ in }
    ) -> JobExecutor {
        let pipelines = PipelineDirectory(configured: backends.pipelines, store: backends.store)
        return JobExecutor(
            ledger: ledger,
            runner: runner,
            outbox: outbox,
            queue: queue,
            pipeline: pipelines.pipeline,
            failureLimit: configuration.worker.maxFailures,
            observer: observer
        )
    }

    func worker(
        _ queue: any JobQueue,
        endsWhenEmpty: Bool,
        observer: @escaping JobObserver = { _ in },
        _ log: Logger
    ) -> Worker {
        var settings = Worker.Settings()
        settings.concurrency = configuration.worker.concurrency
        settings.visibility = configuration.worker.visibilityTimeout
        settings.grace = configuration.worker.gracePeriod
        settings.endsWhenEmpty = endsWhenEmpty
        let watch = backends.watch
        return Worker(
            queue: queue,
            intake: intake,
            executor: executor(queue, observer),
            outbox: outbox,
            settings: settings,
            log: log,
            isExpecting: { await watch?.isExpecting ?? false }
        )
    }

    /// Handles one event to its end, and returns the exit status.
    func handle(_ text: String, _ log: Logger) async throws(BackendError) -> Int32 {
        var worst: Int32 = 0
        switch try await intake.take(text) {
        case .nothing(let reasons):
            for reason in reasons { Console.print("nothing to do: \(reason)") }
        case .malformed(let code, let reason):
            Console.error("recast: \(reason) [\(code)]")
            worst = 3
        case .job(let id): worst = try await execute(id, log)
        case .jobs(let jobs, let malformed):
            for job in jobs { worst = max(worst, try await execute(job.id, log)) }
            for reason in malformed {
                Console.error("recast: \(reason) [event.refused]")
                worst = max(worst, 3)
            }
        }
        _ = try await outbox.deliver(log)
        return worst
    }

    private func execute(_ id: String, _ log: Logger) async throws(BackendError) -> Int32 {
        switch try await executor(nil).execute(id, nil, log) {
        case .over(let job), .givenUp(let job):
            guard let error = job.error, job.status == .error else {
                for output in job.outputs where output.status == .complete {
                    Console.print("\(job.outputBucket)/\(job.objectKey(of: output))")
                }
                return 0
            }
            Console.error("recast: \(error.message) [\(error.code)]")
            return error.isRetryable ? 6 : 3
        case .paused:
            Console.error("recast: job \(id) waits for its pipeline, which is paused [later]")
            return 6
        case .later(_, let reason):
            Console.error(
                "recast: job \(id) must wait: \(reason?.message ?? "somebody else works on it") [later]"
            )
            return 6
        case .unknown:
            Console.error("recast: there is no job \(id) [job.unknown]")
            return 3
        }
    }
}
