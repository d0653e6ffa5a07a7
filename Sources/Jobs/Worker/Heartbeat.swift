internal import Foundation
package import Logging

/// Keeps a running job's message hidden and its lease alive, stores how far it is, and notices when the job
/// is to stop.
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
    package func keep(
        _ claim: Job,
        _ message: QueueMessage?,
        _ progress: JobProgress,
        _ log: Logger
    ) async -> Stop? {
        let clock = ContinuousClock()
        let lease = Duration.seconds(ledger.leaseSeconds)
        var renewed = clock.now
        var held = clock.now
        var known = claim
        while true {
            do {
                try await Task.sleep(for: .seconds(min(lookInterval, ledger.leaseSeconds / 6)), clock: clock)
            } catch {
                return nil
            }
            do throws(BackendError) {
                let isDue = clock.now - renewed >= lease / 3
                if isDue { try await hide(message) }
                guard let job = try await look(claim, known, progress, renews: isDue) else { return .lost }
                known = job
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

    /// The job as it is stored now: a write that succeeds has seen all that was changed before it.
    private func look(
        _ claim: Job,
        _ known: Job,
        _ progress: JobProgress,
        renews: Bool
    ) async throws(BackendError) -> Job? {
        let news = progress.news(since: known)
        guard renews || news != nil else {
            guard let job = try await ledger.store.job(claim.id), job.isHeld(by: claim) else { return nil }
            return job
        }
        let moment = ledger.moment
        return try await ledger.update(claim, known: known) { stored in
            var job = renews ? ledger.renewed(stored, moment) : stored
            job.progress = news?.share ?? job.progress
            job.input.detected = news?.detected ?? job.input.detected
            return job
        }
    }

    private func hide(_ message: QueueMessage?) async throws(BackendError) {
        guard let message, let queue else { return }
        do throws(BackendError) {
            try await queue.extend(message, visibility: ledger.leaseSeconds)
        } catch {
            // Shown again to others: they find the job leased, and leave it.
            guard error.code == .notFound else { throw error }
        }
    }
}
