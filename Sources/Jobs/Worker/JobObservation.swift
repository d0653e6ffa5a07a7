/// Hears of every attempt at a job when it is over.
package typealias JobObserver = @Sendable (JobObservation) -> Void

/// What one attempt at a job came to, for those who count.
package struct JobObservation: Sendable, Equatable {
    /// The presets of the job's outputs, in order.
    package var presetIDs: [String]
    /// How the job ended; `submitted` when it was put back.
    package var status: JobStatus
    /// The error's code; `nil` when there is none, or when the job was put back because its worker stops.
    package var errorCode: String?
    /// Wall seconds of this attempt.
    package var workSeconds: Double
    /// Seconds of all outputs that this attempt made.
    package var mediaSeconds: Double
    /// Of the input; 0 when it could not be looked at.
    package var bytesIn: Int64
    /// Of all outputs that this attempt made.
    package var bytesOut: Int64
    /// Whether there was an attempt before.
    package var isRetry: Bool

    /// The attempt that began as `claim` and after which the job is `job`.
    package init(_ claim: Job, _ job: Job, seconds: Double) {
        presetIDs = job.outputs.map(\.presetID)
        status = job.status
        errorCode = nil
        workSeconds = max(0, seconds)
        bytesIn = job.input.byteCount ?? 0
        isRetry = claim.attempt > 1
        let known = Set(claim.outputs.filter { $0.status == .complete }.map(\.id))
        let made = job.outputs.filter { $0.status == .complete && !known.contains($0.id) }
            .compactMap(\.rendition)
        mediaSeconds = made.reduce(0) { $0 + Double($1.durationMilliseconds) / 1000 }
        bytesOut = made.reduce(0) { $0 &+ $1.byteCount }
    }
}
