import Synchronization

/// The value of `body`, and how many seconds it took, less those in which no task could run.
///
/// Tests that wait for programs hold on to the few threads that tasks share. A task beside `body` counts
/// time only while it gets its turn.
package func timed<Value: Sendable>(
    _ body: () async throws -> Value
) async throws -> (value: Value, seconds: Double) {
    let ticks = Ticks()
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(10))
                ticks.count.withLock { $0 += 1 }
            }
        }
        defer { group.cancelAll() }
        let value = try await body()
        return (value, Double(ticks.count.withLock { $0 }) / 100)
    }
}

private final class Ticks: Sendable {
    let count = Mutex(0)
}
