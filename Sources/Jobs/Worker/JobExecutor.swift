package import Foundation
package import Logging

/// Takes one job from its claim to its end, and tells everybody.
package struct JobExecutor: Sendable {
    /// What became of a job that somebody wanted run.
    package enum Ending: Sendable, Equatable {
        /// It has ended, now or before; its message is done with.
        case over(Job)
        /// It was given up after several transient failures.
        case givenUp(Job)
        /// It waits for another try in so many seconds.
        case later(seconds: Double, reason: JobError?)
        /// It waits for as long as its pipeline is paused; who resumes that sends another message.
        case paused
        case unknown
    }

    /// Deaths of workers after which their job is given up.
    static let deathLimit = 20

    let ledger: JobLedger
    let runner: JobRunner
    let records: RecordKeeper
    let outbox: Outbox
    let queue: (any JobQueue)?
    let pipeline: @Sendable (String) async throws(BackendError) -> Pipeline?
    /// Transient failures after which a job is given up.
    let failureLimit: Int
    let observer: JobObserver
    let now: @Sendable () -> Date

    package init(
        ledger: JobLedger,
        runner: JobRunner,
        outbox: Outbox,
        queue: (any JobQueue)?,
        pipeline: @escaping @Sendable (String) async throws(BackendError) -> Pipeline?,
        failureLimit: Int = 3,
        observer: @escaping JobObserver = { _ in },
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.ledger = ledger
        self.runner = runner
        records = RecordKeeper(store: ledger.store)
        self.outbox = outbox
        self.queue = queue
        self.pipeline = pipeline
        self.failureLimit = failureLimit
        self.observer = observer
        self.now = now
    }

    /// Runs a job if it is free.
    ///
    /// Cancelling the task puts the job back.
    ///
    /// - Throws: when the stores cannot be reached; the message then comes again.
    package func execute(
        _ id: String,
        _ message: QueueMessage?,
        _ log: Logger
    ) async throws(BackendError) -> Ending {
        if let waiting = try await ledger.store.job(id), !waiting.status.isTerminal,
            try await pipeline(waiting.pipelineID)?.isPaused == true
        {
            return .paused
        }
        switch try await ledger.claim(id) {
        case .unknown: return .unknown
        case .leased(let until):
            return .later(seconds: min(max(until.timeIntervalSince(now()) + 1, 1), 900), reason: nil)
        case .over(let job):
            try await settle(job)
            guard job.isGivenUp else { return .over(job) }
            // A message that was put back comes as a new one; an old one is what giving up left behind. Who
            // runs a job without a message, such as a function called with the event once more, means it.
            guard (message?.receiveCount ?? 0) <= 1 else { return .givenUp(job) }
            try await ledger.reopen(job)
            return try await execute(id, message, log)
        case .claimed(let claim):
            runner.settings.prepare()
            var log = log
            log[metadataKey: "job"] = "\(id)"
            let progress = JobProgress(outputCount: claim.outputs.count)
            return try await run(
                Attempt(claim: claim, message: message, progress: progress, began: now(), log: log)
            )
        }
    }

    /// One try at a job, from its claim on.
    private struct Attempt: Sendable {
        let claim: Job
        let message: QueueMessage?
        let progress: JobProgress
        let began: Date
        let log: Logger
    }

    private func run(_ attempt: Attempt) async throws(BackendError) -> Ending {
        let (claim, log) = (attempt.claim, attempt.log)
        guard claim.deathCount < JobExecutor.deathLimit else {
            let error = JobError(.attempts, "job \(claim.id) ended its worker \(claim.deathCount) times")
            return try await end(attempt) { $0.ended(now: now(), error: error) }
        }
        log.info(
            "job began",
            metadata: ["input": "\(claim.input.bucket)/\(claim.input.key)", "attempt": "\(claim.attempt)"]
        )
        do throws(BackendError) {
            try await announceStart(claim)
        } catch {
            let reason = JobError(code: error.code.rawValue, message: error.message, isRetryable: true)
            return try await putBack(attempt, after: Task.isCancelled ? nil : reason)
        }
        switch await race(attempt) {
        case .ended: return try await end(attempt) { $0.ended(now: now()) }
        case .stopped(.canceled): return try await end(attempt) { $0.canceled(now: now(), reason: nil) }
        case .stopped(.lost):
            log.warning("job lost to another worker")
            return .later(seconds: 5, reason: nil)
        case .interrupted: return try await putBack(attempt, after: nil)
        case .failed(.permanent(let error)):
            return try await end(attempt) { $0.ended(now: now(), error: error) }
        case .failed(.superseded(let error)):
            return try await end(attempt) { job in
                job.origin == .event
                    ? job.canceled(now: now(), reason: error) : job.ended(now: now(), error: error)
            }
        case .failed(.transient(let error)): return try await putBack(attempt, after: error)
        }
    }

    private enum Outcome: Sendable {
        case ended
        case stopped(Heartbeat.Stop)
        case interrupted
        case failed(JobFailure)
    }

    /// Lets the work and its heartbeat run side by side; whichever ends first ends the other.
    private func race(_ attempt: Attempt) async -> Outcome {
        let heartbeat = Heartbeat(ledger: ledger, queue: queue)
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                do throws(JobFailure) {
                    return try await runner.run(attempt.claim, attempt.progress, attempt.log) == nil
                        ? .stopped(.lost) : .ended
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                await heartbeat.keep(attempt.claim, attempt.message, attempt.progress, attempt.log).map {
                    .stopped($0)
                }
            }
            var decided: Outcome?
            while let next = await group.next() {
                guard let next, decided == nil else { continue }
                decided = next
                group.cancelAll()
            }
            // What a cancelled task could not finish is no failure of the job's.
            if Task.isCancelled, case .failed = decided { return .interrupted }
            return decided ?? .interrupted
        }
    }

    private func announceStart(_ claim: Job) async throws(BackendError) {
        try await records.keep(claim)
        // Once more with every attempt, under the same id: the one before may have died before it was told.
        try await post(JobMessage(.progressing, claim))
    }

    private func post(_ message: JobMessage) async throws(BackendError) {
        guard let pipeline = try await pipeline(message.job.pipelineID) else { return }
        let topics = pipeline.topics
        let topic =
            switch message.state {
            case .progressing: topics.progressing
            case .completed: topics.completed
            case .warning: topics.warning
            case .error: topics.error
            }
        guard !topic.isEmpty else { return }
        try await outbox.post(
            Notification(id: message.id, topic: topic, subject: message.subject, message: message.text)
        )
    }

    /// Stores the end of a job, which only the holder of the claim can, and tells everybody.
    private func end(
        _ attempt: Attempt,
        _ change: @escaping @Sendable (Job) -> Job
    ) async throws(BackendError) -> Ending {
        let stored = try await shielded { () throws(BackendError) in
            // A short job may be over before its heartbeat has told what the input is.
            try await ledger.update(attempt.claim) { change(attempt.progress.detecting($0)) }
        }
        guard let job = stored else { return .later(seconds: 5, reason: nil) }
        report(job, attempt)
        try await shielded { () throws(BackendError) in try await settle(job) }
        return .over(job)
    }

    private func putBack(_ attempt: Attempt, after error: JobError?) async throws(BackendError) -> Ending {
        let (limit, moment) = (failureLimit, now())
        let stored = try await shielded { () throws(BackendError) in
            try await ledger.update(attempt.claim) { job in
                let back = job.putBack(after: error)
                guard let error, back.failureCount >= limit else { return back }
                return back.ended(now: moment, error: error)
            }
        }
        guard let job = stored else { return .later(seconds: 5, reason: nil) }
        if job.status.isTerminal {
            report(job, attempt)
            try await shielded { () throws(BackendError) in try await settle(job) }
            return .givenUp(job)
        }
        observe(job, attempt, error)
        attempt.log.warning(
            "job put back",
            metadata: [
                "failures": "\(job.failureCount)", "reason": "\(error?.message ?? "the worker stops")",
            ]
        )
        guard let error else { return .later(seconds: 0, reason: nil) }
        return .later(seconds: JobFailure.delay(afterFailures: job.failureCount), reason: error)
    }

    /// Record first, then the notification, then the mark that both are done.
    private func settle(_ job: Job) async throws(BackendError) {
        guard !job.isSettled else { return }
        if job.status == .canceled, job.error == nil { await runner.removeUploads(of: job) }
        try await records.keep(job)
        for state in JobMessage.State.ended(job) {
            try await post(JobMessage(state, job))
        }
        try await ledger.settle(job)
    }

    private func observe(_ job: Job, _ attempt: Attempt, _ error: JobError?) {
        var observation = JobObservation(
            attempt.claim,
            job,
            seconds: now().timeIntervalSince(attempt.began)
        )
        observation.errorCode = error?.code
        observer(observation)
    }

    /// One line a job.
    private func report(_ job: Job, _ attempt: Attempt) {
        observe(job, attempt, job.error)
        let seconds = job.finished?.timeIntervalSince(job.started ?? job.submitted) ?? 0
        var facts: Logger.Metadata = [
            "status": "\(job.status.rawValue)", "input": "\(job.input.bucket)/\(job.input.key)",
            "bytesIn": "\(job.input.byteCount ?? 0)", "seconds": "\(rounded(seconds))",
        ]
        if let rendition = job.outputs.first?.rendition {
            facts["bytesOut"] = "\(job.outputs.compactMap(\.rendition?.byteCount).reduce(0, &+))"
            let speed = Double(rendition.durationMilliseconds) / 1000 / max(seconds, 0.001)
            facts["timesRealTime"] = "\(rounded(speed))"
        }
        if let error = job.error {
            facts["code"] = "\(error.code)"
            facts["reason"] = "\(error.message)"
        }
        attempt.log.info("job ended", metadata: facts)
    }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
