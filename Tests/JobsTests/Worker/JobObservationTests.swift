import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing
import Transcoding

@Suite("What is observed of attempts at jobs")
struct JobObservationTests {
    private final class Observations: Sendable {
        private let list = Mutex<[JobObservation]>([])
        var all: [JobObservation] { list.withLock { $0 } }
        func add(_ observation: JobObservation) { list.withLock { $0.append(observation) } }
    }

    @Test("Each attempt is told once, with its time, what went in, and what came out of it alone")
    func tellsAttempts() async throws {
        let runs = Mutex(0)
        let clock = Mutex<ManualClock?>(nil)
        let engine = FakeEngine(during: { _ throws(EngineFailure) in
            clock.withLock { $0?.advance(by: 4) }
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            // Both together fail; the first alone is made, the second alone fails once.
            if run == 1 || run == 3 {
                throw .transcoding(TranscodingError(.outputUnwritable, "no space is left"))
            }
        })
        let bench = WorkerBench(engine: engine)
        clock.withLock { $0 = bench.clock }
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob(outputs: ["a.mp4", "b.mp4"])
        try await bench.send(JobEvent.message(forJob: job.id))
        let seen = Observations()
        await bench.worker(observer: seen.add).run()
        let all = seen.all
        try #require(all.count == 2)
        #expect(all.map(\.status) == [.submitted, .complete])
        #expect(all.map(\.errorCode) == ["output.unwritable", nil])
        #expect(all.map(\.isRetry) == [false, true])
        #expect(all.map(\.presetIDs) == [["web", "web"], ["web", "web"]])
        #expect(all.map(\.bytesIn) == [5, 5])
        #expect(all.map(\.bytesOut) == [104, 104])
        #expect(all.map(\.mediaSeconds) == [2.5, 2.5])
        // The queue's waiting, which moves the clock as well, is not part of it.
        #expect(all.map(\.workSeconds) == [12, 4])
    }

    @Test("A lasting failure and a worker that stops are told as what they are")
    func tellsEnds() async throws {
        let broken = FakeEngine(during: { _ throws(EngineFailure) in
            throw .transcoding(TranscodingError(.inputDamaged, "it is damaged"))
        })
        let bad = WorkerBench(engine: broken)
        try await bad.send(try await bad.upload("input", "a.mp4"))
        let seen = Observations()
        await bad.worker(observer: seen.add).run()
        #expect(seen.all.map(\.status) == [.error] && seen.all.map(\.errorCode) == ["input.damaged"])
        #expect(seen.all.map(\.bytesOut) == [0])

        var stopped = WorkerBench(engine: .endless)
        stopped.grace = 0
        try await stopped.send(try await stopped.upload("input", "a.mp4"))
        let others = Observations()
        let worker = stopped.worker(endsWhenEmpty: false, observer: others.add)
        let life = Task { await worker.run() }
        try await waitFor { stopped.engine.isRunning }
        life.cancel()
        await life.value
        #expect(others.all.map(\.status) == [.submitted] && others.all.map(\.errorCode) == [nil])
    }
}
