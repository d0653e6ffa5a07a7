internal import Foundation
package import Logging

/// Keeps a running job's message hidden and its lease alive, and notices when the job is to stop.
package struct Heartbeat: Sendable {
    /// Why a job must stop.
    package enum Stop: Sendable, Equatable {
        /// Somebody else has the job, or nobody knows.
        case lost
        /// Somebody asked for its end.
        case canceled
    }

    let ledger: JobLedger
    let queue: (any JobQueue)?
    /// Seconds between two looks at whether the job was cancelled.
    let lookInterval = 2.0

    /// Runs until the job must stop or the task is cancelled, which returns `nil`.
    package func keep(_ claim: Job, _ message: QueueMessage?, _ log: Logger) async -> Stop? {
        let clock = ContinuousClock()
        let lease = Duration.seconds(ledger.leaseSeconds)
        var renewed = clock.now
        var held = clock.now
        while true {
            do {
                try await Task.sleep(for: .seconds(min(lookInterval, ledger.leaseSeconds / 6)), clock: clock)
            } catch {
                return nil
            }
            do throws(BackendError) {
                let isDue = clock.now - renewed >= lease / 3
                guard let job = isDue ? try await renew(claim, message) : try await look(claim) else {
                    return .lost
                }
                held = clock.now
                if isDue { renewed = held }
                if job.isCancelRequested { return .canceled }
            } catch {
                if Task.isCancelled { return nil }
                log.warning("heartbeat failed", metadata: ["reason": "\(error)"])
                if clock.now - held > lease { return .lost }
            }
        }
    }

    private func look(_ claim: Job) async throws(BackendError) -> Job? {
        guard let job = try await ledger.store.job(claim.id), job.isHeld(by: claim) else { return nil }
        return job
    }

    private func renew(_ claim: Job, _ message: QueueMessage?) async throws(BackendError) -> Job? {
        if let message, let queue {
            do throws(BackendError) {
                try await queue.extend(message, visibility: ledger.leaseSeconds)
            } catch {
                // Shown again to others: they find the job leased, and leave it.
                guard error.code == .notFound else { throw error }
            }
        }
        return try await ledger.renew(claim)
    }
}
