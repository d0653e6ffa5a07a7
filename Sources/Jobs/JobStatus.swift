/// Where a job or an output stands, spelled as Elastic Transcoder did.
package enum JobStatus: String, Codable, Sendable, CaseIterable {
    case submitted = "Submitted"
    case progressing = "Progressing"
    case complete = "Complete"
    case canceled = "Canceled"
    case error = "Error"

    /// Nothing will change it any more.
    package var isTerminal: Bool { self == .complete || self == .canceled || self == .error }
}
