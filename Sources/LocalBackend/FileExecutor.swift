internal import Dispatch
internal import Jobs
internal import Synchronization

/// Runs calls that wait for the disk on threads of their own, so that no Swift task is blocked.
final class FileExecutor: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var runningCount = 0
    }

    private let queue = DispatchQueue(label: "recast.files", attributes: .concurrent)
    private let width: Int
    private let state = Mutex(State())

    /// `width` is how many calls may wait for the disk at the same time.
    init(width: Int = 8) { self.width = width }

    /// Runs `work` on one of the threads; the calling task is suspended meanwhile.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        let result: Result<Value, BackendError> = await withCheckedContinuation { continuation in
            add {
                do throws(BackendError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func add(_ call: @escaping @Sendable () -> Void) {
        let startsNow = state.withLock { state in
            guard state.runningCount < width else {
                state.waiting.append(call)
                return false
            }
            state.runningCount += 1
            return true
        }
        if startsNow { queue.async { self.work(through: call) } }
    }

    /// Runs one call, then those which came in the meantime.
    private func work(through first: @Sendable () -> Void) {
        first()
        while let next = nextCall() { next() }
    }

    private func nextCall() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.runningCount -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
