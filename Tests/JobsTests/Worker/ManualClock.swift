import Foundation
import Jobs
import Synchronization
import TestBackends

/// A clock that a test moves.
final class ManualClock: Sendable {
    private let moment = Mutex(Date(timeIntervalSince1970: 1_790_000_000))

    var now: Date { moment.withLock { $0 } }

    func advance(by seconds: Double) { moment.withLock { $0 += seconds } }
}

/// A queue where waiting for a message moves the clock instead of taking time.
struct TimeTravelQueue: JobQueue {
    let queue: InMemoryJobQueue
    let clock: ManualClock
    /// Whether work goes on that takes time of its own.
    let isBusy: @Sendable () -> Bool

    func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage] {
        var waited = 0.0
        while true {
            let messages = try await queue.receive(limit: limit, wait: 0, visibility: visibility)
            guard messages.isEmpty, waited < wait, !Task.isCancelled else { return messages }
            if isBusy() {
                waited += 0.01
            } else {
                clock.advance(by: 1)
                waited += 1
            }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    func send(_ body: String, delay: Double) async throws(BackendError) {
        try await queue.send(body, delay: delay)
    }
    func extend(_ message: QueueMessage, visibility: Double) async throws(BackendError) {
        try await queue.extend(message, visibility: visibility)
    }
    func delete(_ message: QueueMessage) async { await queue.delete(message) }
    func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) async {
        await queue.deadLetter(message, letter)
    }
    func deadLetters(limit: Int) async -> [DeadLetter] { await queue.deadLetters(limit: limit) }
    func redrive(limit: Int) async throws(BackendError) -> Int { try await queue.redrive(limit: limit) }
    func depth() async -> QueueDepth { await queue.depth() }
}
