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

    /// A fault of the engine.
    init(_ error: TranscodingError) {
        let isRetryable: Bool
        switch error.code {
        case .outputUnwritable, .engine, .cancelled: isRetryable = true
        default: isRetryable = false
        }
        let job = JobError(code: error.code.rawValue, message: error.message, isRetryable: isRetryable)
        self = isRetryable ? .transient(job) : .permanent(job)
    }

    /// A fault while looking at the input or reading it.
    init(reading input: ObjectLocation, _ error: any Error) {
        let error = error as? BackendError ?? BackendError(.unavailable, "\(error)")
        switch error.code {
        case .notFound:
            self = .lasting(TranscodingError.Code.inputMissing.rawValue, "\(input) does not exist")
        case .conflict:
            self = .superseded(JobError(.inputChanged, "\(input) was replaced meanwhile"))
        case .denied: self = .permanent(JobError(.inputDenied, error.message))
        default: self = JobFailure(error)
        }
    }

    /// A fault while looking at the output's place or writing there.
    init(writing output: ObjectLocation, _ error: any Error) {
        let error = error as? BackendError ?? BackendError(.unavailable, "\(error)")
        switch error.code {
        case .notFound: self = .noBucket(output.bucket, code: .outputNoBucket)
        case .denied: self = .permanent(JobError(.outputDenied, error.message))
        default: self = JobFailure(error)
        }
    }

    static func noBucket(_ bucket: String, code: JobErrorCode) -> JobFailure {
        .permanent(JobError(code, "there is no bucket \(bucket)"))
    }

    private static func lasting(_ code: String, _ message: String) -> JobFailure {
        .permanent(JobError(code: code, message: message, isRetryable: false))
    }

    /// A fault of a backend outside reading the input and writing the output.
    package init(_ error: BackendError) {
        let job = JobError(code: error.code.rawValue, message: error.message, isRetryable: error.isRetryable)
        self = error.isRetryable ? .transient(job) : .permanent(job)
    }
}

extension JobError {
    /// An error that another try would meet again.
    init(_ code: JobErrorCode, _ message: String) {
        self.init(code: code.rawValue, message: message, isRetryable: false)
    }
}
