internal import IsolatedEngine
internal import Transcoding

/// What to do about something that went wrong in a job.
package enum JobFailure: Error, Sendable, Equatable {
    /// Record it; another try would end the same.
    case permanent(JobError)
    /// Put the job back; it may work later.
    case transient(JobError)
    /// Another version of the input is there; its own job makes the rendition.
    case superseded(JobError)

    /// Seconds to wait before another try, the longer the more there were.
    package static func delay(afterFailures count: Int) -> Double {
        Double(min(300, 5 << min(max(count - 1, 0), 6)))
    }

    /// The one place that decides what a fault of a backend or of the engine means for a job.
    package init(_ error: any Error, input: ObjectLocation, output: ObjectLocation) {
        switch error {
        case let failure as JobFailure: self = failure
        case EngineFailure.transcoding(let error): self = JobFailure(error)
        case EngineFailure.input(let error): self = JobFailure(reading: input, error)
        case EngineFailure.output(let error): self = JobFailure(writing: output, error)
        case let error as TranscodingError: self = JobFailure(error)
        case let error as BackendError: self = JobFailure(error)
        default: self = .transient(JobError(code: "engine.failed", message: "\(error)", isRetryable: true))
        }
    }

    private init(_ error: TranscodingError) {
        let isRetryable: Bool
        switch error.code {
        case .outputUnwritable, .engine, .cancelled: isRetryable = true
        default: isRetryable = false
        }
        let job = JobError(code: error.code.rawValue, message: error.message, isRetryable: isRetryable)
        self = isRetryable ? .transient(job) : .permanent(job)
    }

    private init(reading input: ObjectLocation, _ error: any Error) {
        guard let error = error as? BackendError else {
            self = .transient(JobError(code: "unavailable", message: "\(error)", isRetryable: true))
            return
        }
        switch error.code {
        case .notFound:
            self = .permanent(
                JobError(
                    code: TranscodingError.Code.inputMissing.rawValue,
                    message: "\(input) does not exist",
                    isRetryable: false
                )
            )
        case .conflict:
            self = .superseded(
                JobError(
                    code: "input.changed",
                    message: "\(input) was replaced meanwhile",
                    isRetryable: false
                )
            )
        default: self = JobFailure(error)
        }
    }

    private init(writing output: ObjectLocation, _ error: any Error) {
        guard let error = error as? BackendError else {
            self = .transient(JobError(code: "unavailable", message: "\(error)", isRetryable: true))
            return
        }
        self = JobFailure(error)
    }

    /// A fault of a backend outside reading the input.
    package init(_ error: BackendError) {
        let job = JobError(code: error.code.rawValue, message: error.message, isRetryable: error.isRetryable)
        self = error.isRetryable ? .transient(job) : .permanent(job)
    }

    /// A fault while looking at the input.
    package static func lookingAt(_ input: ObjectLocation, _ error: BackendError) -> JobFailure {
        JobFailure(reading: input, error)
    }
}
