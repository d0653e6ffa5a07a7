package import Foundation
internal import Synchronization

/// How often a failed request is sent again, and after how long.
package struct RetryPolicy: Sendable {
    /// The first one included.
    package var maximumAttempts = 4
    /// Seconds; doubled with every attempt.
    package var firstDelay = 0.2
    /// Seconds; where the service asked for fewer requests.
    package var firstThrottledDelay = 1.0
    /// Seconds the delay may grow to; a service that asks for a longer pause is not waited for.
    package var maximumDelay = 20.0

    package init() {}

    /// Seconds to wait after the attempt `attempt` (1, 2, …), with `random` in 0..<1.
    ///
    /// Evenly spread between nothing and the doubled delay, so that clients which failed together do not
    /// come back together.
    func delay(after attempt: Int, isThrottled: Bool, random: Double) -> Double {
        let first = isThrottled ? firstThrottledDelay : firstDelay
        let power = Double(1 << min(max(attempt - 1, 0), 30))
        return min(first * power, maximumDelay) * random
    }
}

/// The clock, the wait and the dice; others in tests.
package struct Timing: Sendable {
    package var now: @Sendable () -> Date
    /// Waits some seconds; throws when the task is cancelled.
    package var sleep: @Sendable (Double) async throws -> Void
    /// 0..<1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Double) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    package static let system = Timing(
        now: { Date() },
        sleep: { try await Task.sleep(for: .seconds($0)) },
        random: { Double.random(in: 0..<1) }
    )
}

/// What all requests of a client share, so that a service in trouble is not made worse by repetition.
final class RetryBudget: Sendable {
    /// Every repetition takes tokens, every success gives one back (AWS SDKs Reference Guide, "Retry
    /// behavior").
    private static let capacity = 500
    private static let cost = 5

    private let tokens = Mutex(capacity)

    /// Takes what one repetition costs; false when there is not enough left.
    func take() -> Bool {
        tokens.withLock { tokens in
            guard tokens >= Self.cost else { return false }
            tokens -= Self.cost
            return true
        }
    }

    func refund() { tokens.withLock { $0 = min($0 + 1, Self.capacity) } }
}

/// Spaces out the requests to a service that asked for fewer.
///
/// Off until the first such answer; then eight a second, fewer with every second in which there are further
/// ones, and more again with every success.
final class Pacer: Sendable {
    /// In seconds; moments count from the reference date.
    private struct State {
        /// Between two requests; 0 is off.
        var interval = 0.0
        /// When the next request may go.
        var next = 0.0
        /// When the interval grew last.
        var grown = 0.0
    }

    private static let first = 0.125
    private static let longest = 1.0
    private let state = Mutex(State())

    /// Seconds the next request has to wait for its turn.
    func turn(now: Date) -> Double {
        state.withLock { state in
            guard state.interval > 0 else { return 0 }
            let now = now.timeIntervalSinceReferenceDate
            // A clock that was set back would otherwise hold everything up.
            let turn = min(max(now, state.next), now + 60)
            state.next = turn + state.interval
            return turn - now
        }
    }

    func throttled(now: Date) {
        state.withLock { state in
            let now = now.timeIntervalSinceReferenceDate
            // Requests that were on their way together are refused together, and count as one.
            guard state.interval == 0 || abs(now - state.grown) >= 1 else { return }
            state.interval = min(max(state.interval * 1.5, Self.first), Self.longest)
            state.grown = now
        }
    }

    func succeeded() {
        state.withLock { state in
            state.interval /= 2
            if state.interval < 0.02 { state.interval = 0 }
        }
    }
}
