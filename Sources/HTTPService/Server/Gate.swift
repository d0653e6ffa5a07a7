internal import Synchronization

/// Lets a few in at a time, keeps some waiting, and turns away the rest.
final class Gate: Sendable {
    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let runningLimit: Int
    private let waitingLimit: Int
    private let state = Mutex(State())

    init(running: Int, waiting: Int) {
        runningLimit = running
        waitingLimit = waiting
    }

    /// Waits for its turn; false when too many wait already.
    ///
    /// Who was let in must leave.
    func enter() async -> Bool {
        enum Answer { case come, wait, go }
        let answer = state.withLock { state -> Answer in
            if state.running < runningLimit {
                state.running += 1
                return .come
            }
            return state.waiting.count < waitingLimit ? .wait : .go
        }
        switch answer {
        case .come: return true
        case .go: return false
        case .wait:
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state -> Bool in
                    guard state.running >= runningLimit else {
                        state.running += 1
                        return true
                    }
                    state.waiting.append(continuation)
                    return false
                }
                if isFree { continuation.resume() }
            }
            return true
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
        next?.resume()
    }
}
