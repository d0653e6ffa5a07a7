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
    private let handler: MessageHandler
    private let outbox: Outbox
    private let settings: Settings
    private let log: Logger
    /// Whether something is on its way that is not in the queue yet.
    private let isExpecting: @Sendable () async -> Bool
    private let state = Mutex(State())
    /// Rings when a job is over, and when the worker is to stop.
    private let bell = Bell()

    /// Seconds between two looks for notifications that others have left.
    private static let deliveryInterval = 20.0

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
        handler = MessageHandler(queue: queue, intake: intake, executor: executor, log: log)
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
        bell.ring()
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }
    private var running: Int { state.withLock { $0.jobs.count } }

    private func work() async {
        log.info("worker began", metadata: ["jobsAtOnce": "\(settings.concurrency)"])
        let delivery = Task { await deliver() }
        var failures = 0
        while !isStopping {
            let ringCount = bell.ringCount
            guard running < settings.concurrency else {
                await bell.wait(since: ringCount, atMost: 60)
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
                await handler.handle(message)
                forget(id)
            }
        }
    }

    private func forget(_ id: UUID) {
        state.withLock { _ = $0.jobs.removeValue(forKey: id) }
        bell.ring()
    }

    /// Waits for the running jobs, and puts those back that take longer than the grace period.
    private func finishJobs() async {
        let deadline = ContinuousClock.now + .seconds(settings.grace)
        while true {
            let ringCount = bell.ringCount
            guard running > 0, !isStopping || ContinuousClock.now < deadline else { break }
            let left = (deadline - ContinuousClock.now) / .seconds(1)
            await bell.wait(since: ringCount, atMost: isStopping ? left : 60)
        }
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
        while true {
            let (ringCount, moment) = (bell.ringCount, ContinuousClock.now)
            guard !isStopping, moment < deadline else { return }
            await bell.wait(since: ringCount, atMost: (deadline - moment) / .seconds(1))
        }
    }

    /// Delivers notifications until the worker is over: at once what is posted here, at times what others
    /// left, and less and less often while topics fail.
    private func deliver() async {
        var delay = 0.5
        while !Task.isCancelled {
            let ringCount = outbox.bell.ringCount
            // Asked before the round: what was posted before that is in it.
            let isLast = isOver
            var isFailing = false
            do throws(BackendError) {
                isFailing = try await outbox.deliver(log).waiting > 0
            } catch {
                if Task.isCancelled { return }
                log.warning("notifications cannot be read", metadata: ["reason": "\(error)"])
                isFailing = true
            }
            if isLast { return }
            delay = isFailing ? min(Self.deliveryInterval, delay * 2) : 0.5
            if isFailing {
                await pauseDelivery(delay)
            } else {
                await outbox.bell.wait(since: ringCount, atMost: Self.deliveryInterval)
            }
        }
    }

    /// Waits whatever is posted meanwhile, but not longer than the worker goes on.
    private func pauseDelivery(_ seconds: Double) async {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let (ringCount, moment) = (outbox.bell.ringCount, ContinuousClock.now)
            guard !isOver, moment < deadline, !Task.isCancelled else { return }
            await outbox.bell.wait(since: ringCount, atMost: (deadline - moment) / .seconds(1))
        }
    }

    private var isOver: Bool { state.withLock { $0.isOver } }

    /// Lets what waits be delivered; a worker that is wanted no longer leaves what takes long to others.
    private func finish(_ delivery: Task<Void, Never>) async {
        state.withLock { $0.isOver = true }
        outbox.bell.ring()
        let limit = Task {
            while !isStopping { try await Task.sleep(for: .milliseconds(50)) }
            try await Task.sleep(for: .seconds(1))
            delivery.cancel()
        }
        await delivery.value
        limit.cancel()
    }
}
