internal import Jobs
internal import Synchronization

/// Whether everything the service needs can be reached.
actor Readiness {
    /// What cannot be reached, in words; empty when all can.
    typealias Problems = [String: String]

    private static let deadline = Duration.seconds(3)
    /// For so long an answer is given again, so that asking often costs nothing.
    private static let lifetime = Duration.seconds(2)

    private let checks: [(name: String, check: @Sendable () async throws(BackendError) -> String?)]
    private var last: (moment: ContinuousClock.Instant, problems: Problems)?
    private var running: Task<Problems, Never>?

    init(_ context: ServiceContext) {
        let (store, queue, objects) = (context.store, context.queue, context.objects)
        var checks: [(name: String, check: @Sendable () async throws(BackendError) -> String?)] = [
            (
                "store",
                { () async throws(BackendError) in
                    _ = try await store.jobs(.all, ascending: false, after: nil, limit: 1)
                    return nil
                }
            ),
            (
                "queue",
                { () async throws(BackendError) in
                    _ = try await queue.depth()
                    return nil
                }
            ),
        ]
        let buckets = context.pipelines.reduce(into: Set<String>()) {
            $0.formUnion([$1.inputBucket, $1.effectiveOutputBucket])
        }
        for bucket in buckets.sorted() where !bucket.isEmpty {
            checks.append(
                (
                    "bucket \(bucket)",
                    { () async throws(BackendError) in
                        try await objects.hasBucket(bucket) ? nil : "does not exist"
                    }
                )
            )
        }
        self.checks = checks
    }

    func problems() async -> Problems {
        if let last, last.moment.duration(to: .now) < Self.lifetime { return last.problems }
        if let running { return await running.value }
        let checks = checks
        let task = Task {
            await withTaskGroup(of: (String, String?).self) { group in
                for (name, check) in checks {
                    group.addTask { (name, await Self.problem(check)) }
                }
                return await group.reduce(into: Problems()) { $0[$1.0] = $1.1 }
            }
        }
        running = task
        let problems = await task.value
        running = nil
        last = (.now, problems)
        return problems
    }

    /// What a check finds, or that it takes too long, whether or not it lets itself be cancelled.
    private static func problem(_ check: @escaping @Sendable () async throws(BackendError) -> String?) async
        -> String?
    {
        let (answers, answer) = AsyncStream.makeStream(of: String?.self)
        let checking = Task {
            do throws(BackendError) {
                answer.yield(try await check())
            } catch {
                // Codes only: messages may name what is nobody's business.
                answer.yield(error.code.rawValue)
            }
        }
        let waiting = Task {
            try await Task.sleep(for: deadline)
            answer.yield("does not answer")
        }
        var iterator = answers.makeAsyncIterator()
        let first = await iterator.next() ?? nil
        checking.cancel()
        waiting.cancel()
        return first
    }
}
