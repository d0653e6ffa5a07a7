internal import Jobs

/// Counts what waits in the store and the queue, not more often than is worth it.
actor StoreCounts {
    private static let lifetime = Duration.seconds(15)
    private static let limit = 1000

    private let store: any MetadataStore
    private let queue: any JobQueue
    private let metrics: ServiceMetrics
    private var last: ContinuousClock.Instant?

    init(_ context: ServiceContext, _ metrics: ServiceMetrics) {
        store = context.store
        queue = context.queue
        self.metrics = metrics
    }

    /// Brings the measurements up to date; what cannot be reached keeps its old ones.
    func refresh() async {
        if let last, last.duration(to: .now) < Self.lifetime { return }
        last = .now
        if let depth = try? await queue.depth() { metrics.measured(depth) }
        var counts: [JobStatus: Int] = [:]
        for status in [JobStatus.submitted, .progressing] {
            if let count = try? await count(status) { counts[status] = count }
        }
        metrics.counted(counts)
    }

    private func count(_ status: JobStatus) async throws(BackendError) -> Int {
        var count = 0
        var after: String?
        repeat {
            let page = try await store.jobs(.status(status), ascending: true, after: after, limit: 100)
            count += page.items.count
            after = page.next
        } while after != nil && count < Self.limit
        return min(count, Self.limit)
    }
}
