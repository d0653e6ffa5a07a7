import Foundation
import Synchronization
import TestBackends
import Testing

@testable import Jobs

@Suite("Notifications that wait")
struct OutboxTests {
    private let store = InMemoryMetadataStore()
    private let notifier = MoodyNotifier()
    private let clock = ManualClock()
    private var outbox: Outbox { Outbox(store: store, notifier: notifier, now: { [clock] in clock.now }) }

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

    @Test("Of several that deliver at the same time one tells each notification")
    func tellsOnce() async throws {
        for number in 0..<20 { try await post("job\(number).1.progressing") }
        notifier.pauses()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { _ = try await deliver() } }
            try await group.waitForAll()
        }
        while try await deliver().waiting > 0 { clock.advance(by: 31) }
        #expect(notifier.sent.count == 20)
        #expect(Set(notifier.sent).count == 20)
    }

    @Test("What was told and cannot be removed is removed later, and not told again")
    func removesLater() async throws {
        try await post("a.1.progressing")
        let failing = FaultInjectingMetadataStore(store, .call(3))
        let outbox = Outbox(store: failing, notifier: notifier, now: { [clock] in clock.now })
        await #expect(throws: BackendError.self) { try await outbox.deliver(WorkerBench.log) }
        #expect(notifier.sent == ["a.1.progressing"])
        _ = try await outbox.deliver(WorkerBench.log)
        #expect(notifier.sent == ["a.1.progressing"])
        #expect(await store.documents(.notification, ascending: true, after: nil, limit: 1).items.isEmpty)
        // The next one of the same name, such as that of a job tried again, is a new one.
        try await post("a.1.progressing")
        #expect(try await outbox.deliver(WorkerBench.log).delivered == 1)
        #expect(notifier.sent.count == 2)
    }

    @Test("What somebody died of delivering is told by another after half a minute, in order")
    func takesOver() async throws {
        try await post("a.1.progressing")
        try await post("a.2.completed")
        let dead = FaultInjectingMetadataStore(store, .death(at: 3))
        let first = Outbox(store: dead, notifier: notifier, now: { [clock] in clock.now })
        // It lists, claims and tells, and can delete no more.
        await #expect(throws: BackendError.self) { try await first.deliver(WorkerBench.log) }
        #expect(notifier.sent == ["a.1.progressing"])
        clock.advance(by: 29)
        #expect(try await deliver() == Outbox.Round(delivered: 0, waiting: 2))
        clock.advance(by: 2)
        #expect(try await deliver() == Outbox.Round(delivered: 2, waiting: 0))
        #expect(notifier.sent == ["a.1.progressing", "a.1.progressing", "a.2.completed"])
    }

    @Test("A claim of a clock that is an hour ahead holds nobody up")
    func ignoresImpossibleClaim() async throws {
        try await post("a.1.progressing")
        clock.advance(by: 3600)
        let dead = FaultInjectingMetadataStore(store, .death(at: 3))
        let ahead = Outbox(store: dead, notifier: notifier, now: { [clock] in clock.now })
        await #expect(throws: BackendError.self) { try await ahead.deliver(WorkerBench.log) }
        clock.advance(by: -3600)
        #expect(try await deliver().delivered == 1)
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
        var pauses = false
    }

    private let state = Mutex(State())

    var sent: [String] { state.withLock { $0.sent.map(\.id) } }
    var messages: [String] { state.withLock { $0.sent.map(\.message) } }
    var calls: Int { state.withLock { $0.calls } }

    /// Lets each delivery take a moment, in which others have their turn.
    func pauses() { state.withLock { $0.pauses = true } }

    func fail(_ topic: String, _ code: BackendError.Code?) { state.withLock { $0.failures[topic] = code } }

    func send(_ notification: Jobs.Notification) async throws(BackendError) {
        let code = state.withLock { state in
            state.calls += 1
            let code = state.failures[notification.topic]
            if code == nil { state.sent.append(notification) }
            return code
        }
        if let code { throw BackendError(code, "no") }
        for _ in 0..<10 where state.withLock({ $0.pauses }) { await Task.yield() }
    }
}
