internal import Foundation
package import Logging
internal import Synchronization

/// Takes messages from a queue and runs the jobs they ask for, several at a time.
package final class Worker: Sendable {
    package struct Settings: Sendable {
        /// Jobs at the same time.
        package var concurrency = 1
        /// Seconds a message stays hidden after it was received or its job's heartbeat.
        package var visibility = 60.0
        /// Seconds that running jobs may go on after the worker was asked to stop.
        package var grace = 18.0
        /// Whether to end when there is nothing left to do.
        package var endsWhenEmpty = false

        package init() {}
    }

    private struct State {
        var isStopping = false
        /// Whether the last job has ended and no other will begin.
        var isOver = false
        var receiving: Task<[QueueMessage], any Error>?
        var jobs: [UUID: Task<Void, Never>] = [:]
    }

    private let queue: any JobQueue
    private let intake: JobIntake
    private let executor: JobExecutor
    private let outbox: Outbox
    private let settings: Settings
    private let log: Logger
    /// Whether something is on its way that is not in the queue yet.
    private let isExpecting: @Sendable () async -> Bool
    private let state = Mutex(State())

    package init(
        queue: any JobQueue,
        intake: JobIntake,
        executor: JobExecutor,
        outbox: Outbox,
        settings: Settings,
        log: Logger,
        isExpecting: @escaping @Sendable () async -> Bool = { false }
    ) {
        self.queue = queue
        self.intake = intake
        self.executor = executor
        self.outbox = outbox
        self.settings = settings
        self.log = log
        self.isExpecting = isExpecting
    }

    /// Works until the task is cancelled, then stops gracefully.
    ///
    /// No message is taken from then on. Jobs that are not done when the grace period is over are put back, and
    /// their messages shown to others at once.
    package func run() async {
        let core = Task { await work() }
        await withTaskCancellationHandler {
            await core.value
        } onCancel: {
            stop()
        }
    }

    private func stop() {
        let receiving = state.withLock { state in
            state.isStopping = true
            return state.receiving
        }
        receiving?.cancel()
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }
    private var running: Int { state.withLock { $0.jobs.count } }

    private func work() async {
        log.info("worker began", metadata: ["jobsAtOnce": "\(settings.concurrency)"])
        let delivery = Task { await deliver() }
        var failures = 0
        while !isStopping {
            guard running < settings.concurrency else {
                await pause(0.05)
                continue
            }
            do {
                let messages = try await receive()
                failures = 0
                // What arrives too late is for others, at once.
                guard !isStopping else {
                    for message in messages { try? await queue.extend(message, visibility: 0) }
                    break
                }
                for message in messages { begin(message) }
                if messages.isEmpty, settings.endsWhenEmpty, await isDone() { break }
            } catch {
                guard !isStopping else { break }
                failures += 1
                log.error("receiving failed", metadata: ["reason": "\(error)"])
                await backOff(min(30, 0.5 * Double(1 << min(failures, 6))))
            }
        }
        await finishJobs()
        await finish(delivery)
        log.info("worker ended")
    }

    private func receive() async throws -> [QueueMessage] {
        let limit = min(10, max(1, settings.concurrency - running))
        let wait = settings.endsWhenEmpty ? 0.5 : 10.0
        let visibility = settings.visibility
        let task = Task { [queue] in
            try await queue.receive(limit: limit, wait: wait, visibility: visibility)
        }
        let isLate = state.withLock { state in
            state.receiving = task
            return state.isStopping
        }
        if isLate { task.cancel() }
        return try await task.value
    }

    private func begin(_ message: QueueMessage) {
        let id = UUID()
        // The task is entered before it can end: both happen under the lock.
        state.withLock { state in
            state.jobs[id] = Task { [self] in
                await handle(message)
                forget(id)
            }
        }
    }

    private func forget(_ id: UUID) { state.withLock { _ = $0.jobs.removeValue(forKey: id) } }

    /// Waits for the running jobs, and puts those back that take longer than the grace period.
    private func finishJobs() async {
        let deadline = ContinuousClock.now + .seconds(settings.grace)
        while running > 0, !isStopping || ContinuousClock.now < deadline { await pause(0.05) }
        let left = state.withLock { Array($0.jobs.values) }
        for job in left { job.cancel() }
        for job in left { await job.value }
    }

    private func isDone() async -> Bool {
        guard running == 0, await !isExpecting() else { return false }
        guard let depth = try? await queue.depth() else { return false }
        return depth.visible == 0 && depth.inFlight == 0 && running == 0
    }

    /// Waits, but not longer than the worker is wanted.
    private func backOff(_ seconds: Double) async {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !isStopping, ContinuousClock.now < deadline { await pause(min(0.1, seconds)) }
    }

    private func pause(_ seconds: Double) async { try? await Task.sleep(for: .seconds(seconds)) }

    /// Delivers notifications until the worker is over, less often while topics fail.
    private func deliver() async {
        var interval = 1.0
        while true {
            // Asked before the round: what was posted before that is in it.
            let isLast = state.withLock { $0.isOver }
            do throws(BackendError) {
                let round = try await outbox.deliver(log)
                interval = round.waiting > 0 ? min(20, interval * 2) : 1
            } catch {
                if Task.isCancelled { return }
                log.warning("notifications cannot be read", metadata: ["reason": "\(error)"])
                interval = min(20, interval * 2)
            }
            if isLast { return }
            let next = ContinuousClock.now + .seconds(interval)
            while !state.withLock({ $0.isOver }), ContinuousClock.now < next { await pause(0.05) }
        }
    }

    /// Lets what waits be delivered; a worker that is wanted no longer leaves what takes long to others.
    private func finish(_ delivery: Task<Void, Never>) async {
        state.withLock { $0.isOver = true }
        let limit = Task {
            while !isStopping { try await Task.sleep(for: .milliseconds(50)) }
            try await Task.sleep(for: .seconds(1))
            delivery.cancel()
        }
        await delivery.value
        limit.cancel()
    }

    // MARK: - One message

    private func handle(_ message: QueueMessage) async {
        do throws(BackendError) {
            try await process(message)
        } catch {
            // The message comes again by itself.
            log.error("message failed", metadata: ["message": "\(message.id)", "reason": "\(error)"])
            let seconds = JobFailure.delay(afterFailures: message.receiveCount)
            try? await queue.extend(message, visibility: seconds)
        }
    }

    private func process(_ message: QueueMessage) async throws(BackendError) {
        switch try await intake.take(message.body) {
        case .nothing(let reasons):
            log.debug("nothing to do", metadata: ["reasons": "\(reasons.joined(separator: "; "))"])
            try await queue.delete(message)
        case .malformed(let code, let reason):
            log.error("message given up", metadata: ["code": "\(code)", "reason": "\(reason)"])
            try await queue.deadLetter(message, DeadLetter(body: message.body, code: code, message: reason))
        case .job(let id): try await execute(id, message)
        case .jobs(let jobs, let malformed):
            if jobs.count == 1, malformed.isEmpty { return try await execute(jobs[0].id, message) }
            // Each job gets a message of its own before this one goes.
            for job in jobs where !job.status.isTerminal || !job.isSettled {
                try await queue.send(JobEvent.message(forJob: job.id), delay: 0)
            }
            guard malformed.isEmpty else {
                let reason = malformed.joined(separator: "; ")
                let letter = DeadLetter(body: message.body, code: "event.refused", message: reason)
                return try await queue.deadLetter(message, letter)
            }
            try await queue.delete(message)
        }
    }

    private func execute(_ id: String, _ message: QueueMessage) async throws(BackendError) {
        switch try await executor.execute(id, message, log) {
        case .over: try await shielded { [queue] () throws(BackendError) in try await queue.delete(message) }
        case .givenUp(let job):
            let letter = DeadLetter(
                body: message.body,
                code: job.error?.code ?? "unavailable",
                message: job.error?.message ?? "",
                jobID: job.id
            )
            try await shielded { [queue] () throws(BackendError) in
                try await queue.deadLetter(message, letter)
            }
        case .paused: try await shelve(message, id)
        case .later(let seconds, _):
            try await shielded { [queue] () throws(BackendError) in
                try await queue.extend(message, visibility: seconds)
            }
        case .unknown:
            let letter = DeadLetter(body: message.body, code: "job.unknown", message: "there is no job \(id)")
            try await queue.deadLetter(message, letter)
        }
    }

    /// Hides the message of a job that waits for its pipeline for as long as that can be done at once.
    ///
    /// A queue gives up what it delivered too often or keeps for too long, so a new message takes the place
    /// of one that has come many times.
    private func shelve(_ message: QueueMessage, _ id: String) async throws(BackendError) {
        let seconds = 900.0
        guard message.receiveCount >= 100 else {
            return try await queue.extend(message, visibility: seconds)
        }
        try await queue.send(JobEvent.message(forJob: id), delay: seconds)
        try await queue.delete(message)
    }
}
