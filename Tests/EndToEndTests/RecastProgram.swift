import Foundation
import TestMedia
import Testing

/// The built executable, run as its users run it.
enum RecastProgram {
    static let tool = Tool.recast

    static func transcode(
        _ input: String,
        to output: URL,
        options: [String] = [],
        limit: Double = 120
    ) throws -> Tool.Result {
        try tool.run(["transcode", input, "-o", output.path, "--preset", "web"] + options, limit: limit)
    }
}

/// How the pictures of an output are made: what a suite says of one way has to hold for the other.
enum Way: CaseIterable, Sendable, CustomStringConvertible {
    case whole
    /// In ranges of 0.4 s and more, where the input can be cut.
    case ranges

    var description: String { self == .whole ? "whole" : "ranges" }
    var options: [String] {
        self == .whole ? ["--segments", "1"] : ["--segments", "4", "--range-seconds", "0.4"]
    }
}

/// Expects a failure that its caller can understand: the status, one line, and nothing left behind.
func expectRefusal(
    _ result: Tool.Result,
    status: Int32,
    folder: URL,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(!result.wasSignalled, "ended by signal \(result.status)", sourceLocation: sourceLocation)
    #expect(result.status == status, "\(result.errorText)", sourceLocation: sourceLocation)
    #expect(result.errorLines.count == 1, "\(result.errorText)", sourceLocation: sourceLocation)
    #expect(contents(of: folder) == [], sourceLocation: sourceLocation)
}
