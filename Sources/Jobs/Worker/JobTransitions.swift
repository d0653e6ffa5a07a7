package import Foundation

/// The life cycle of a job as rules on values; a store makes each change happen once.
extension Job {
    /// Whether somebody may take the job, and who works on it if not.
    package enum Availability: Sendable, Equatable {
        case free
        /// Somebody else works on it until then.
        case leased(until: Date)
        case over
    }

    /// A lease further ahead than any worker makes them comes from a clock that is wrong, and does not count.
    package func availability(now: Date, longestLease: Double) -> Availability {
        if status.isTerminal { return .over }
        guard status == .progressing, let lease else { return .free }
        guard lease.until > now, lease.until.timeIntervalSince(now) <= longestLease else { return .free }
        return .leased(until: lease.until)
    }

    /// The job as `owner` takes it for `seconds`.
    package func claimed(by owner: String, now: Date, seconds: Double) -> Job {
        var job = self
        job.status = .progressing
        job.attempt += 1
        job.started = started ?? now
        job.progress = finishedShare
        job.lease = Lease(owner: owner, until: now.addingTimeInterval(seconds))
        for index in job.outputs.indices where !job.outputs[index].status.isTerminal {
            job.outputs[index].status = .submitted
        }
        return job
    }

    /// How much of the work outputs are that need none any more; `nil` when there are none.
    private var finishedShare: Double? {
        let count = outputs.count { $0.status == .complete || $0.status == .error }
        return count == 0 ? nil : Double(count) / Double(outputs.count)
    }

    /// Attempts that ended without a word: their worker died, or was cut off.
    package var deathCount: Int { max(0, attempt - 1 - (putBackCount ?? 0)) }

    /// Whether the attempt that holds `claim` is still the current one.
    package func isHeld(by claim: Job) -> Bool {
        status == .progressing && attempt == claim.attempt && lease?.owner == claim.lease?.owner
    }

    package func renewed(now: Date, seconds: Double) -> Job {
        var job = self
        job.lease?.until = now.addingTimeInterval(seconds)
        return job
    }

    /// The job as it waits for another try, after a failure that may pass or because its worker stops.
    package func putBack(after error: JobError?) -> Job {
        var job = self
        job.status = .submitted
        job.lease = nil
        job.putBackCount = (putBackCount ?? 0) + 1
        guard let error else { return job }
        job.failureCount += 1
        job.error = error
        return job
    }

    /// The job at its end: complete, or what its outputs or `error` make of it.
    package func ended(now: Date, error: JobError? = nil) -> Job {
        var job = self
        job.lease = nil
        job.finished = now
        if let error {
            job.status = .error
            job.error = error
            for index in job.outputs.indices where !job.outputs[index].status.isTerminal {
                job.outputs[index].status = .error
                job.outputs[index].error = error
            }
        } else {
            let failed = job.outputs.first { $0.status == .error }
            job.status = failed == nil ? .complete : .error
            job.error = failed?.error
            if failed == nil { job.progress = 1 }
        }
        return job
    }

    /// Whether it ended because of failures that may pass.
    package var isGivenUp: Bool { status == .error && error?.isRetryable == true }

    /// A job that was given up, as it waits for another round of tries.
    package func reopened() -> Job { reopened { $0.error?.isRetryable == true } }

    /// A job that failed or was cancelled, as it waits for somebody to make what is not made yet.
    package func retried() -> Job { reopened { $0.status != .complete } }

    private func reopened(_ isAgain: (Output) -> Bool) -> Job {
        var job = self
        job.status = .submitted
        // The attempts so far are accounted for: none of them counts as a death.
        job.putBackCount = attempt
        job.retryCount = (retryCount ?? 0) + 1
        job.failureCount = 0
        job.isCancelRequested = false
        job.progress = nil
        job.finished = nil
        job.error = nil
        job.isSettled = false
        for index in job.outputs.indices where isAgain(job.outputs[index]) {
            job.outputs[index].status = .submitted
            job.outputs[index].error = nil
        }
        return job
    }

    /// The job at its end because somebody cancelled it, or because a newer version took its place.
    package func canceled(now: Date, reason: JobError?) -> Job {
        var job = self
        job.lease = nil
        job.finished = now
        job.status = .canceled
        job.error = reason
        for index in job.outputs.indices where !job.outputs[index].status.isTerminal {
            job.outputs[index].status = .canceled
        }
        return job
    }
}
