package import Foundation

/// The time of day, and waiting; one value, so that tests can have time of their own.
package struct WallClock: Sendable {
    package let now: @Sendable () -> Date
    /// Waits for so many seconds, or throws when the task is cancelled.
    package let sleep: @Sendable (Double) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Double) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    package static let system = WallClock(
        now: { Date() },
        sleep: { try await Task.sleep(for: .seconds($0)) }
    )
}
