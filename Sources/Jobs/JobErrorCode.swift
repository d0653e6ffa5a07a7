/// The codes of jobs' errors that the engine does not have; `TranscodingError.Code` has all others.
///
/// A fault that may pass has the code of its `BackendError`. Raw values are stored in jobs and records: add to
/// them, never change one.
package enum JobErrorCode: String, Sendable, CaseIterable {
    case inputNoBucket = "input.no-bucket"
    /// The input may not be read.
    case inputDenied = "input.denied"
    /// The input was replaced while it was read.
    case inputChanged = "input.changed"
    /// The output shows a newer version of the input.
    case inputSuperseded = "input.superseded"
    case outputNoBucket = "output.no-bucket"
    /// The output may not be written, or not be looked for.
    case outputDenied = "output.denied"
    /// The job ended its workers too often.
    case attempts = "job.attempts"
}
