import Foundation
import Jobs
import TestBackends
import Testing

@Suite("A worker whose backend fails")
struct WorkerFaultTests {
    /// An output of two parts, so that all calls of an upload are among those that fail.
    private static let bodyByteCount = 9 << 20
    private static func bench() -> WorkerBench {
        WorkerBench(engine: FakeEngine(bodyByteCount: bodyByteCount))
    }

    /// Sends one event, lets workers fail as `plan` says, and then a sound one finish.
    private func run(_ bench: WorkerBench, _ plan: FaultPlan) async throws {
        try await bench.send(try await bench.upload("the input", "site/1/clip.mp4"))
        await bench.worker("first", plan).run()
        // A message may be hidden, and a notification may wait for its next round.
        bench.clock.advance(by: 1000)
        await bench.worker("second", plan).run()
    }

    /// What must hold however the way there was.
    private func expectDone(_ bench: WorkerBench, _ what: Comment) async throws {
        let jobs = try await bench.jobs()
        #expect(jobs.map(\.status) == [.complete], what)
        #expect(jobs.map(\.isSettled) == [true], what)
        let keys = await bench.backend.objects.keys(in: "media")
        #expect(keys == ["output/web/site/1/clip.mp4", "site/1/clip.mp4"], what)
        let output = try? await bench.bytes("output/web/site/1/clip.mp4")
        // Compared first: a difference of megabytes is no message.
        let isWhole = output == bench.engine.output(of: Data("the input".utf8))
        #expect(isWhole, what)
        #expect(await bench.notifications() == ["began", "done"], what)
        let record = try await bench.transcoding(of: "site/1/clip.mp4")
        #expect(record?.status == .complete, what)
        #expect(record?.sizeOut == Int64(Self.bodyByteCount + FakeEngine.head.count), what)
        let depth = await bench.backend.queue.depth()
        #expect(depth == QueueDepth(visible: 0, inFlight: 0, dead: 0), what)
        #expect(await bench.backend.objects.unfinishedUploadCount == 0, what)
        let waiting = await bench.backend.metadata.documents(
            .notification,
            ascending: true,
            after: nil,
            limit: 100
        )
        #expect(waiting.items.isEmpty, what)
    }

    /// The calls of a run without faults; up to its first fault, every other run is the same.
    private func callCount() async throws -> Int {
        let bench = Self.bench()
        let plan = FaultPlan.none()
        try await bench.send(try await bench.upload("the input", "site/1/clip.mp4"))
        await bench.worker("first", plan).run()
        try await expectDone(bench, "no fault")
        // Fewer than a job takes would mean that the faults do not reach them all.
        #expect(plan.calls.count >= 30)
        return plan.calls.count
    }

    /// Does `body` for every number up to `count`, several at a time.
    private func forEach(upTo count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...count {
                if number > 8 { try await group.next() }
                group.addTask { try await body(number) }
            }
            try await group.waitForAll()
        }
    }

    @Test(
        "Whichever call fails, before or after it took effect, the job completes once",
        arguments: FaultPlan.Moment.allCases,
        [BackendError.Code.unavailable, .throttled]
    )
    func survivesEveryFault(moment: FaultPlan.Moment, code: BackendError.Code) async throws {
        try await forEach(upTo: try await callCount()) { number in
            let bench = Self.bench()
            let plan = FaultPlan.call(number, moment, error: BackendError(code, "injected"))
            try await run(bench, plan)
            try await expectDone(bench, "call \(number): \(plan.failedCalls)")
        }
    }

    @Test(
        "Whichever call a worker dies in, another completes the job once",
        arguments: FaultPlan.Moment.allCases
    )
    func survivesEveryDeath(moment: FaultPlan.Moment) async throws {
        try await forEach(upTo: try await callCount()) { number in
            var bench = Self.bench()
            bench.grace = 0
            let plan = FaultPlan.death(at: number, moment)
            try await bench.send(try await bench.upload("the input", "site/1/clip.mp4"))
            try await die(bench.worker("first", plan), plan)
            bench.clock.advance(by: 1000)
            await bench.worker("second").run()
            try await expectDone(bench, "death in call \(number): \(plan.failedCalls.first ?? "none")")
        }
    }

    /// Runs a worker until its first call fails.
    private func die(_ worker: Worker, _ plan: FaultPlan) async throws {
        let life = Task { await worker.run() }
        let death = Task {
            while plan.failedCalls.isEmpty, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(1))
            }
            life.cancel()
        }
        await life.value
        death.cancel()
    }
}
