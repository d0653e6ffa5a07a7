internal import Dispatch
internal import Synchronization

/// A serial queue with a bounded inbox.
///
/// `send` blocks the producer while the inbox is full, so memory is bounded by stages × slots. The graph
/// of stages has no cycle, so it cannot lock. A stage that `isInline` has no queue: it handles on the
/// producer's thread.
final class Stage<Message: Sendable>: Sendable {
    /// `nil` where the producer's thread does the work.
    private let queue: DispatchQueue?
    private let slots: DispatchSemaphore
    private let failure: FirstFailure
    private let handler: @Sendable (Message) throws -> Void
    private let handling = Atomic<UInt64>(0)
    private let blocked = Atomic<UInt64>(0)

    init(
        _ name: String,
        slots: Int,
        failure: FirstFailure,
        isInline: Bool = false,
        handler: @escaping @Sendable (Message) throws -> Void
    ) {
        queue = isInline ? nil : DispatchQueue(label: "recast.\(name)", qos: .userInitiated)
        self.slots = DispatchSemaphore(value: slots)
        self.failure = failure
        self.handler = handler
    }

    /// Seconds spent in the handler, waiting for the next stage included.
    var handlingSeconds: Double { Double(handling.load(ordering: .relaxed)) / 1e9 }
    /// Seconds for which the producer waited for a free slot.
    var blockedSeconds: Double { Double(blocked.load(ordering: .relaxed)) / 1e9 }

    func send(_ message: Message) {
        let start = DispatchTime.now().uptimeNanoseconds
        guard queue != nil else {
            handle(message)
            blocked.wrappingAdd(DispatchTime.now().uptimeNanoseconds &- start, ordering: .relaxed)
            return
        }
        slots.wait()
        blocked.wrappingAdd(DispatchTime.now().uptimeNanoseconds &- start, ordering: .relaxed)
        enqueue(message)
    }

    /// Sends `message` unless the inbox is full, and says whether it did.
    @discardableResult
    func offer(_ message: Message) -> Bool {
        guard queue != nil else {
            handle(message)
            return true
        }
        guard slots.wait(timeout: .now()) == .success else { return false }
        enqueue(message)
        return true
    }

    /// Takes a slot that the caller has waited for.
    private func enqueue(_ message: Message) {
        queue?.async { [self] in
            defer { slots.signal() }
            handle(message)
        }
    }

    private func handle(_ message: Message) {
        guard !failure.hasFailed else { return }
        let start = DispatchTime.now().uptimeNanoseconds
        do { try handler(message) } catch { failure.record(error) }
        handling.wrappingAdd(DispatchTime.now().uptimeNanoseconds &- start, ordering: .relaxed)
    }

    /// Waits until everything sent so far is handled.
    func drain() { queue?.sync {} }
}
