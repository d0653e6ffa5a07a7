internal import Synchronization

/// Wakes those in this process who wait for something to happen.
package final class Bell: Sendable {
    private struct State {
        var ringCount = 0
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// How often it has rung; read before looking whether it has happened, and given to `wait`.
    package var ringCount: Int { state.withLock { $0.ringCount } }

    package func ring() {
        let waiting = state.withLock { state in
            state.ringCount += 1
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until it rings, at most `seconds`; returns at once if it has rung since `ringCount`.
    package func wait(
        since ringCount: Int,
        atMost seconds: Double,
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) async {
        await withTaskGroup { group in
            group.addTask { await self.wait(since: ringCount) }
            group.addTask { try? await sleep(seconds) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(since ringCount: Int) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.ringCount == ringCount, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }
}
