internal import Foundation
internal import Jobs
internal import Logging

/// Tells everybody who listens of every job that changes, by looking at the store once a second for all.
actor EventHub {
    /// Pieces of a stream of server-sent events.
    typealias Stream = AsyncStream<String>

    private static let listenerLimit = 256
    private static let interval = Duration.seconds(1)
    /// Ticks between two signs of life.
    private static let heartbeat = 15
    private static let pageSize = 100
    private static let lookupLimit = 50
    private static let memoryLimit = 2000

    private let store: any MetadataStore
    private let log: Logger
    private var listeners: [UUID: Stream.Continuation] = [:]
    private var polling: Task<Void, Never>?
    /// The last known revision of each job seen lately.
    private var revisions: [String: Int] = [:]
    private var unfinished: Set<String> = []
    private var isPrimed = false

    init(store: any MetadataStore, log: Logger) {
        self.store = store
        self.log = log
    }

    /// A stream of its own for a listener; `nil` when there are too many.
    func join() -> (id: UUID, stream: Stream, end: @Sendable () -> Void)? {
        guard listeners.count < Self.listenerLimit else { return nil }
        let id = UUID()
        let (stream, continuation) = Stream.makeStream(bufferingPolicy: .bufferingOldest(512))
        continuation.yield("retry: 2000\n\n")
        listeners[id] = continuation
        if polling == nil { polling = Task { await poll() } }
        return (id, stream, { continuation.finish() })
    }

    func leave(_ id: UUID) {
        listeners.removeValue(forKey: id)?.finish()
        guard listeners.isEmpty else { return }
        polling?.cancel()
        polling = nil
        isPrimed = false
        revisions = [:]
        unfinished = []
    }

    private func poll() async {
        var ticks = 0
        while !Task.isCancelled {
            do throws(BackendError) {
                try await look()
            } catch {
                log.warning("jobs cannot be watched", metadata: ["reason": "\(error)"])
            }
            ticks += 1
            if ticks.isMultiple(of: Self.heartbeat) { tell(": \n\n") }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Jobs that are new, that have not ended, or had not when they were last seen.
    private func look() async throws(BackendError) {
        var seen: [String: Job] = [:]
        for filter in [JobFilter.all, .status(.submitted), .status(.progressing)] {
            let page = try await store.jobs(filter, ascending: false, after: nil, limit: Self.pageSize)
            for job in page.items { seen[job.id] = job }
        }
        for id in unfinished.subtracting(seen.keys).prefix(Self.lookupLimit) {
            if let job = try await store.job(id) { seen[id] = job } else { unfinished.remove(id) }
        }
        // Meanwhile the last listener may have gone.
        guard !Task.isCancelled else { return }
        for job in seen.values.sorted(by: { $0.id < $1.id }) {
            if job.status.isTerminal { unfinished.remove(job.id) } else { unfinished.insert(job.id) }
            guard revisions.updateValue(job.revision, forKey: job.id) != job.revision, isPrimed else {
                continue
            }
            if let data = try? JSONEncoder().encode(JobView(job)) {
                tell("event: job\ndata: \(String(decoding: data, as: UTF8.self))\n\n")
            }
        }
        isPrimed = true
        forget(except: seen)
    }

    private func forget(except seen: [String: Job]) {
        guard revisions.count > Self.memoryLimit else { return }
        revisions = revisions.filter { seen[$0.key] != nil || unfinished.contains($0.key) }
    }

    private func tell(_ text: String) {
        for (id, listener) in listeners {
            // Who is that far behind has missed something, and comes again to see all.
            if case .dropped = listener.yield(text) { listeners.removeValue(forKey: id)?.finish() }
        }
    }
}
