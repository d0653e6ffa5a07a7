package import Foundation

/// Changes jobs in a store so that each change happens exactly once, whoever else is at it.
package struct JobLedger: Sendable {
    package let store: any MetadataStore
    /// Names this worker among all.
    package let owner: String
    /// Seconds.
    package let leaseSeconds: Double
    private let now: @Sendable () -> Date

    package init(
        store: any MetadataStore,
        owner: String,
        leaseSeconds: Double,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.owner = owner
        self.leaseSeconds = leaseSeconds
        self.now = now
    }

    /// What became of a claim.
    package enum Claim: Sendable, Equatable {
        case claimed(Job)
        case leased(until: Date)
        case over(Job)
        case unknown
    }

    /// Takes a job for this worker if nobody else has it.
    package func claim(_ id: String) async throws(BackendError) -> Claim {
        while true {
            guard let job = try await store.job(id) else { return .unknown }
            let moment = now()
            switch job.availability(now: moment, longestLease: leaseSeconds * 2 + 30) {
            case .over: return .over(job)
            case .leased(let until): return .leased(until: until)
            case .free: break
            }
            if job.isCancelRequested {
                guard let ended = try await swap(job.canceled(now: moment, reason: nil)) else { continue }
                return .over(ended)
            }
            if let claimed = try await swap(job.claimed(by: owner, now: moment, seconds: leaseSeconds)) {
                return .claimed(claimed)
            }
        }
    }

    /// Changes the job that `claim` holds, and returns it as stored; `nil` when the claim is lost.
    ///
    /// A claim is lost when the lease lapsed and somebody else took the job, or when the job ended. Where
    /// the job as it was last seen is `known`, it is read only if it has changed since.
    package func update(
        _ claim: Job,
        known: Job? = nil,
        _ change: @Sendable (Job) -> Job
    ) async throws(BackendError) -> Job? {
        if let known, known.isHeld(by: claim), let stored = try await swap(change(known)) { return stored }
        while true {
            guard let job = try await store.job(claim.id), job.isHeld(by: claim) else { return nil }
            if let stored = try await swap(change(job)) { return stored }
        }
    }

    /// Extends the lease; `nil` when the claim is lost.
    package func renew(_ claim: Job) async throws(BackendError) -> Job? {
        let moment = now()
        return try await update(claim) { renewed($0, moment) }
    }

    /// The job with its lease extended from `moment` on.
    func renewed(_ job: Job, _ moment: Date) -> Job { job.renewed(now: moment, seconds: leaseSeconds) }

    /// The time on the clock that leases go by.
    var moment: Date { now() }

    /// Marks an ended job as told to everybody, unless it has begun again since.
    package func settle(_ job: Job) async throws(BackendError) {
        while true {
            guard var current = try await store.job(job.id), current.status.isTerminal,
                current.attempt == job.attempt, !current.isSettled
            else { return }
            current.isSettled = true
            if try await swap(current) != nil { return }
        }
    }

    /// Lets a job that was given up be tried again; nothing happens when it is under way already.
    package func reopen(_ job: Job) async throws(BackendError) {
        while true {
            guard let current = try await store.job(job.id), current.isGivenUp else { return }
            if try await swap(current.reopened()) != nil { return }
        }
    }

    /// Lets a job that failed or was cancelled be done again; whoever asks sends its message.
    ///
    /// Outputs that are complete stay as they are.
    ///
    /// - Throws: `notFound`; `conflict` when the job has not ended, or is complete.
    package func retry(_ id: String) async throws(BackendError) -> Job {
        while true {
            guard let job = try await store.job(id) else {
                throw BackendError(.notFound, "there is no job \(id)")
            }
            guard job.status == .error || job.status == .canceled else {
                throw BackendError(.conflict, "job \(id) is \(job.status.rawValue)")
            }
            if let stored = try await swap(job.retried()) { return stored }
        }
    }

    /// Asks for the end of a job: at once when nobody works on it, else as soon as its worker notices.
    ///
    /// - Throws: `notFound`; `conflict` when the job has ended.
    package func cancel(_ id: String) async throws(BackendError) -> Job {
        while true {
            guard let job = try await store.job(id) else {
                throw BackendError(.notFound, "there is no job \(id)")
            }
            let moment = now()
            let changed: Job
            switch job.availability(now: moment, longestLease: leaseSeconds * 2 + 30) {
            case .over: throw BackendError(.conflict, "job \(id) has ended")
            case .free: changed = job.canceled(now: moment, reason: nil)
            case .leased:
                var requested = job
                requested.isCancelRequested = true
                changed = requested
            }
            if let stored = try await swap(changed) { return stored }
        }
    }

    /// Stores a change, or returns `nil` when somebody else was faster.
    private func swap(_ job: Job) async throws(BackendError) -> Job? {
        do {
            return try await store.replace(job)
        } catch {
            guard error.code == .conflict else { throw error }
            return nil
        }
    }
}
