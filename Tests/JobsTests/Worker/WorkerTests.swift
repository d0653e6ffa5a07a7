import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing
import Transcoding

@Suite("A worker")
struct WorkerTests {
    @Test("The same event five times, for three workers: one job, one transcode, one notification")
    func isIdempotent() async throws {
        let bench = WorkerBench(
            engine: FakeEngine(during: { _ in try? await Task.sleep(for: .milliseconds(20)) })
        )
        let event = try await bench.upload("input", "site/1/a.mp4")
        for _ in 0..<5 { try await bench.send(event) }
        await withTaskGroup { group in
            for number in 1...3 { group.addTask { await bench.worker("worker \(number)").run() } }
        }
        #expect(try await bench.jobs().map(\.status) == [.complete])
        #expect(bench.engine.runs == ["media/site/1/a.mp4"])
        #expect(await bench.backend.notifier.sent.map(\.topic) == ["began", "done"])
        try await expectEmptyQueue(bench)
        // Once more when all is over.
        try await bench.send(event)
        await bench.runWorker()
        #expect(bench.engine.runs.count == 1)
        #expect(await bench.backend.notifier.sent.map(\.topic) == ["began", "done"])
    }

    @Test("Twenty good jobs complete whatever becomes of one whose input ends the engine")
    func survivesPoison() async throws {
        let engine = FakeEngine(during: { name throws(EngineFailure) in
            guard name == "media/poison.mp4" else { return }
            throw .transcoding(TranscodingError(.engineCrashed, "the process died"))
        })
        var bench = WorkerBench(engine: engine)
        bench.concurrency = 4
        for number in 1...20 {
            try await bench.send(try await bench.upload("\(number)", "good\(number).mp4"))
            if number == 7 { try await bench.send(try await bench.upload("poison", "poison.mp4")) }
        }
        await bench.runWorker()
        let jobs = try await bench.jobs()
        #expect(jobs.count { $0.status == .complete } == 20)
        #expect(jobs.filter { $0.status == .error }.map(\.error?.code) == ["engine.crashed"])
        #expect(engine.runs.count { $0 == "media/poison.mp4" } == 2)
        #expect(await bench.notifications().count { $0 == "failed" } == 1)
        try await expectEmptyQueue(bench)
    }

    @Test("A job that ends every worker that takes it is given up")
    func stopsEndlessDeaths() async throws {
        let bench = WorkerBench()
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        for number in 1...20 {
            guard case .claimed = try await bench.ledger("dead \(number)").claim(job.id) else {
                Issue.record("claim \(number) failed")
                return
            }
            bench.clock.advance(by: 61)
        }
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        #expect(bench.engine.runs.isEmpty)
        #expect(try await bench.jobs().first?.error?.code == "job.attempts")
        #expect(await bench.notifications() == ["failed"])
        try await expectEmptyQueue(bench)
    }

    @Test(
        "A job that takes three times as long as its message is hidden is done once",
        .timeLimit(.minutes(1))
    )
    func keepsMessageHidden() async throws {
        let isHeld = Mutex(true)
        var bench = WorkerBench(engine: .hanging { isHeld.withLock { $0 } })
        bench.leaseSeconds = 1
        let plan = FaultPlan.none()
        try await bench.send(try await bench.upload("input", "a.mp4"))
        let first = Task { [bench] in await bench.runWorker(plan) }
        try await waitFor { bench.engine.isRunning }
        let second = Task { [bench] in await bench.worker("second", plan, endsWhenEmpty: false).run() }
        for renewal in 1...9 {
            // However long the machine has no time for the worker: none passes here before it had its turn.
            try await waitFor { plan.endedCalls.count { $0 == "extend" } >= renewal }
            bench.clock.advance(by: bench.leaseSeconds / 3)
        }
        second.cancel()
        await second.value
        isHeld.withLock { $0 = false }
        await first.value
        #expect(bench.engine.runs.count == 1)
        #expect(try await bench.jobs().map(\.status) == [.complete])
        #expect(try await bench.jobs().map(\.attempt) == [1])
    }

    @Test(
        "Where outputs are in the input bucket, they start no jobs",
        arguments: ["output/web/{key}", "{folder}{stem}-web.mp4"]
    )
    func breaksLoop(template: String) async throws {
        var bench = WorkerBench()
        bench.pipelines[0].keyTemplate = template
        try await bench.send(try await bench.upload("input", "site/1/a.mp4"))
        await bench.runWorker()
        let output = try #require(
            await bench.backend.objects.keys(in: "media").first { $0 != "site/1/a.mp4" }
        )
        let eTag = try await bench.store.head(ObjectLocation(bucket: "media", key: output)).eTag
        try await bench.send(WorkerBench.event(output, eTag: eTag, sequencer: "99"))
        await bench.runWorker()
        #expect(try await bench.jobs().count == 1)
        #expect(await bench.backend.objects.keys(in: "media").count == 2)
        try await expectEmptyQueue(bench)
    }

    @Test("A cancelled job that waits is never begun, and its record says so")
    func cancelsWaiting() async throws {
        let bench = WorkerBench()
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        try await bench.send(JobEvent.message(forJob: job.id))
        _ = try await bench.ledger().cancel(job.id)
        await bench.runWorker()
        #expect(bench.engine.runs.isEmpty)
        #expect(try await bench.transcoding(of: "a.mp4")?.status == .canceled)
        #expect(await bench.notifications() == [])
        try await expectEmptyQueue(bench)
    }

    @Test("A running job that is cancelled stops within five seconds and leaves nothing")
    func cancelsRunning() async throws {
        let bench = WorkerBench(engine: .endless)
        try await bench.send(try await bench.upload("input", "a.mp4"))
        let worker = Task { await bench.runWorker() }
        try await waitFor { bench.engine.isRunning }
        let id = try #require(try await bench.jobs().first).id
        let (_, seconds) = try await timed {
            _ = try await bench.ledger("somebody").cancel(id)
            try await waitFor { !bench.engine.isRunning }
        }
        #expect(seconds < 5)
        await worker.value
        #expect(try await bench.jobs().map(\.status) == [.canceled])
        #expect(await bench.backend.objects.keys(in: "media") == ["a.mp4"])
        #expect(await bench.backend.objects.unfinishedUploadCount == 0)
        try await expectEmptyQueue(bench)
    }

    @Test("A worker that is stopped puts its job back at once, as if it had never begun")
    func stopsGracefully() async throws {
        let isHanging = Mutex(true)
        var bench = WorkerBench(engine: .hanging { isHanging.withLock { $0 } })
        bench.grace = 0.2
        try await bench.send(try await bench.upload("input", "a.mp4"))
        let worker = bench.worker(endsWhenEmpty: false)
        let life = Task { await worker.run() }
        try await waitFor { bench.engine.isRunning }
        #expect(try await secondsToStop(life) < 5)
        let job = try #require(try await bench.jobs().first)
        #expect(job.status == .submitted && job.failureCount == 0 && job.lease == nil && job.error == nil)
        #expect(await bench.backend.queue.depth().visible == 1)
        isHanging.withLock { $0 = false }
        await bench.worker("second").run()
        #expect(try await bench.jobs().map(\.status) == [.complete])
        #expect(await bench.notifications() == ["began", "done"])
    }

    @Test("A worker stops within a second while its queue cannot be reached")
    func stopsDuringOutage() async throws {
        let bench = WorkerBench()
        let plan = FaultPlan { _ in .before }
        let worker = bench.worker("worker", plan)
        let life = Task { await worker.run() }
        try await waitFor { plan.failedCalls.contains("receive") }
        #expect(try await secondsToStop(life) < 0.9)
    }

    @Test("Jobs of a paused pipeline wait, and are done when it is not paused any more")
    func waitsForPipeline() async throws {
        var bench = WorkerBench()
        bench.pipelines[0].isPaused = true
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        let ending = try await bench.executor().execute(job.id, nil, WorkerBench.log)
        #expect(ending == .paused)
        #expect(try await bench.jobs().map(\.attempt) == [0])
        bench.pipelines[0].isPaused = false
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete])
    }

    @Test(
        "Keys of every spelling get exactly their outputs",
        arguments: ["a b+c%2B.mp4", "../x.mp4", "é€😀.mp4"]
    )
    func keepsKeys(key: String) async throws {
        let bench = WorkerBench()
        try await bench.send(try await bench.upload("input", key))
        await bench.runWorker()
        let keys = await bench.backend.objects.keys(in: "media")
        #expect(keys.map { Array($0.utf8) }.contains(Array("output/web/\(key)".utf8)))
        #expect(keys.count == 2)
        #expect(try await bench.transcoding(of: key)?.outputKey == "output/web/\(key)")
    }
}

func expectEmptyQueue(_ bench: WorkerBench, dead: Int = 0) async throws {
    let depth = await bench.backend.queue.depth()
    #expect(depth == QueueDepth(visible: 0, inFlight: 0, dead: dead))
}

/// How long a worker takes to end that is told to.
private func secondsToStop(_ life: Task<Void, Never>) async throws -> Double {
    try await timed {
        life.cancel()
        await life.value
    }.seconds
}

/// Waits until something holds, half a minute at most.
func waitFor(_ condition: () async -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while await !condition() {
        try #require(ContinuousClock.now < deadline, "it took too long")
        try await Task.sleep(for: .milliseconds(1))
    }
}

extension FakeEngine {
    /// An engine that never comes to an end by itself.
    static var endless: FakeEngine { hanging { true } }

    /// An engine that stands still in the middle until something does not hold any more, or it is cancelled.
    static func hanging(while condition: @escaping @Sendable () -> Bool) -> FakeEngine {
        FakeEngine(during: { _ throws(EngineFailure) in
            while condition() {
                do { try await Task.sleep(for: .milliseconds(1)) } catch {
                    throw .transcoding(TranscodingError(.cancelled, "cancelled"))
                }
            }
        })
    }
}
