internal import Foundation
internal import Logging

/// Does what a message asks for, and says to the queue what becomes of it.
struct MessageHandler: Sendable {
    let queue: any JobQueue
    let intake: JobIntake
    let executor: JobExecutor
    let log: Logger

    /// Never fails: what cannot be done now makes the message come again.
    func handle(_ message: QueueMessage) async {
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
