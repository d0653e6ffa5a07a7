package import Jobs
internal import Synchronization

/// Decides which calls to a backend fail; counts them over all that share the plan.
package final class FaultPlan: Sendable {
    /// Where a call fails.
    package enum Moment: Sendable, CaseIterable {
        /// Nothing has happened.
        case before
        /// It has happened, but the answer is lost.
        case after
    }

    private struct State {
        var calls: [String] = []
        var endedCalls: [String] = []
        var failedCalls: [String] = []
    }

    private let state = Mutex(State())
    private let error: BackendError
    private let moment: @Sendable (Int) -> Moment?

    /// Fails each call for whose number, counted from 1, `moment` answers.
    package init(
        error: BackendError = BackendError(.unavailable, "injected"),
        moment: @escaping @Sendable (Int) -> Moment?
    ) {
        self.error = error
        self.moment = moment
    }

    /// Fails one call, the n-th.
    package static func call(
        _ number: Int,
        _ moment: Moment = .before,
        error: BackendError = BackendError(.unavailable, "injected")
    ) -> FaultPlan {
        FaultPlan(error: error) { $0 == number ? moment : nil }
    }

    /// Fails the n-th call and does none after it: to the backend, the program has died.
    package static func death(at number: Int, _ moment: Moment = .before) -> FaultPlan {
        FaultPlan { call in call < number ? nil : call == number ? moment : .before }
    }

    /// Fails nothing, and counts.
    package static func none() -> FaultPlan { FaultPlan { _ in nil } }

    /// The names of the calls so far, in order.
    package var calls: [String] { state.withLock { $0.calls } }
    /// The names of those that have come to their end.
    package var endedCalls: [String] { state.withLock { $0.endedCalls } }
    /// The names of those that failed.
    package var failedCalls: [String] { state.withLock { $0.failedCalls } }

    func run<Value: Sendable>(
        _ name: String,
        _ body: () async throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        let failure = state.withLock { state -> Moment? in
            state.calls.append(name)
            let failure = moment(state.calls.count)
            if failure != nil { state.failedCalls.append(name) }
            return failure
        }
        defer { state.withLock { $0.endedCalls.append(name) } }
        guard let failure else { return try await body() }
        if failure == .after { _ = try await body() }
        throw error
    }
}
