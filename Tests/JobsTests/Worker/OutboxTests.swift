import Foundation
import Synchronization
import TestBackends
import Testing

@testable import Jobs

@Suite("Notifications that wait")
struct OutboxTests {
    private let store = InMemoryMetadataStore()
    private let notifier = MoodyNotifier()
    private var outbox: Outbox { Outbox(store: store, notifier: notifier) }

    private func post(_ id: String, _ topic: String = "good", _ message: String = "{}") async throws {
        try await outbox.post(Jobs.Notification(id: id, topic: topic, subject: "s", message: message))
    }

    private func deliver() async throws -> Outbox.Round { try await outbox.deliver(WorkerBench.log) }

    @Test("Each is delivered once, those of a job in order")
    func deliversInOrder() async throws {
        try await post("b.2.completed")
        try await post("a.2.completed")
        try await post("a.1.progressing")
        #expect(try await deliver() == Outbox.Round(delivered: 3, waiting: 0))
        #expect(try await deliver() == Outbox.Round(delivered: 0, waiting: 0))
        #expect(notifier.sent == ["a.1.progressing", "a.2.completed", "b.2.completed"])
    }

    @Test("What is posted twice waits once, as it was")
    func keepsFirst() async throws {
        try await post("a.1.progressing", "good", "first")
        try await post("a.1.progressing", "good", "second")
        #expect(try await deliver().delivered == 1)
        #expect(notifier.messages == ["first"])
    }

    @Test("A topic that fails holds up its job's, and nobody else's")
    func waitsInOrder() async throws {
        notifier.fail("bad", .unavailable)
        try await post("a.1.progressing", "bad")
        try await post("a.2.completed", "good")
        try await post("b.2.completed", "good")
        #expect(try await deliver() == Outbox.Round(delivered: 1, waiting: 2))
        #expect(notifier.sent == ["b.2.completed"])
        notifier.fail("bad", nil)
        #expect(try await deliver() == Outbox.Round(delivered: 2, waiting: 0))
        #expect(notifier.sent == ["b.2.completed", "a.1.progressing", "a.2.completed"])
    }

    @Test("A topic that fails is asked once a round, however many wait for it")
    func asksOnce() async throws {
        notifier.fail("bad", .throttled)
        for number in 0..<150 { try await post("job\(number).1.progressing", "bad") }
        try await post("zebra.1.progressing")
        #expect(try await deliver() == Outbox.Round(delivered: 1, waiting: 150))
        #expect(notifier.calls == 2)
        notifier.fail("bad", nil)
        #expect(try await deliver() == Outbox.Round(delivered: 150, waiting: 0))
    }

    @Test(
        "What can never be delivered is dropped, and the job's next is delivered",
        arguments: [
            BackendError.Code.notFound, .denied, .invalid,
        ]
    )
    func dropsHopeless(code: BackendError.Code) async throws {
        notifier.fail("gone", code)
        try await post("a.1.progressing", "gone")
        try await post("a.2.completed")
        _ = try await deliver()
        #expect(notifier.sent == ["a.2.completed"])
        #expect(try await deliver() == Outbox.Round(delivered: 0, waiting: 0))
    }

    @Test("A document that is no notification is dropped")
    func dropsNonsense() async throws {
        _ = try await store.insert(StoredDocument(kind: .notification, id: "a.1.x", body: Data("no".utf8)))
        try await post("a.2.completed")
        _ = try await deliver()
        #expect(notifier.sent == ["a.2.completed"])
        #expect(try await deliver() == Outbox.Round(delivered: 0, waiting: 0))
    }
}

/// A notifier whose topics fail as they are told.
private final class MoodyNotifier: Notifier {
    private struct State {
        var failures: [String: BackendError.Code] = [:]
        var sent: [Jobs.Notification] = []
        var calls = 0
    }

    private let state = Mutex(State())

    var sent: [String] { state.withLock { $0.sent.map(\.id) } }
    var messages: [String] { state.withLock { $0.sent.map(\.message) } }
    var calls: Int { state.withLock { $0.calls } }

    func fail(_ topic: String, _ code: BackendError.Code?) { state.withLock { $0.failures[topic] = code } }

    func send(_ notification: Jobs.Notification) async throws(BackendError) {
        let code = state.withLock { state in
            state.calls += 1
            let code = state.failures[notification.topic]
            if code == nil { state.sent.append(notification) }
            return code
        }
        if let code { throw BackendError(code, "no") }
    }
}
