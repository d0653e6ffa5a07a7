import Foundation
import Jobs
import TestServers
import Testing

/// A backend that a contract suite is run against.
struct Candidate<Subject: Sendable>: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes an empty one for one test.
    let make: @Sendable () async throws -> Subject

    init(_ name: String, make: @escaping @Sendable () async throws -> Subject) {
        testDescription = name
        self.make = make
    }

    /// Whether it looks at a state and changes it in one step; between moto's two, others come.
    var isAtomic: Bool { !testDescription.contains("moto") }
}

/// The code of the `BackendError` that `body` throws; `nil` when it throws none.
func failure(of body: () async throws -> some Any) async throws -> BackendError.Code? {
    do {
        _ = try await body()
        return nil
    } catch let error as BackendError {
        return error.code
    }
}

/// Tries `body` until it answers true, for what a service brings about only after a while.
func eventually(
    within seconds: Double = 60,
    _ body: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        if try await body() { return true }
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// Text that no other test makes.
func uniqueName(_ prefix: String) -> String { "\(prefix)-\(UUID().uuidString.lowercased())" }
