/// Where a job or an output stands, spelled as Elastic Transcoder did.
package enum JobStatus: String, Codable, Sendable, CaseIterable {
    case submitted = "Submitted"
    case progressing = "Progressing"
    case complete = "Complete"
    case canceled = "Canceled"
    case error = "Error"

    /// It has ended; only a message put back from the dead letters makes it begin again.
    package var isTerminal: Bool { self == .complete || self == .canceled || self == .error }
}
