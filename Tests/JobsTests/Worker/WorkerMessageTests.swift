import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing
import Transcoding

@Suite("What a worker makes of messages and failures")
struct WorkerMessageTests {
    /// Bytes that cannot be written while `isFull`.
    private final class Disk: Sendable {
        let isFull = Mutex(true)
        let refusalCount = Mutex(0)

        var engine: FakeEngine {
            FakeEngine(during: { [self] _ throws(EngineFailure) in
                guard isFull.withLock({ $0 }) else { return }
                refusalCount.withLock { $0 += 1 }
                throw .transcoding(TranscodingError(.outputUnwritable, "no space is left"))
            })
        }
    }

    @Test("What is no event goes to the dead letters as it came")
    func givesUpNonsense() async throws {
        let bench = WorkerBench()
        for body in ["nonsense", "{}", JobEvent.message(forJob: "1790000000000-zzzzzz")] {
            try await bench.send(body)
        }
        await bench.runWorker()
        let letters = await bench.backend.queue.deadLetters(limit: 10)
        #expect(letters.map(\.code) == ["event.malformed", "event.malformed", "job.unknown"])
        #expect(letters.map(\.body) == ["nonsense", "{}", JobEvent.message(forJob: "1790000000000-zzzzzz")])
        try await expectEmptyQueue(bench, dead: 3)
    }

    @Test("The test event of a new notification, and an event of no pipeline, are done with")
    func forgetsIrrelevant() async throws {
        let bench = WorkerBench()
        try await bench.send(EventSamples.testEvent)
        try await bench.send(WorkerBench.event("a.mp4", eTag: "e", bucket: "other"))
        await bench.runWorker()
        #expect(try await bench.jobs().isEmpty)
        try await expectEmptyQueue(bench)
    }

    @Test("An event of several objects makes a job of each; what it says of others is not lost")
    func splitsEvent() async throws {
        let bench = WorkerBench()
        var records: [[String: Any]] = []
        for key in ["a.mp4", "b.mp4", "c.mp4"] {
            _ = try await bench.upload(key, key)
            let eTag = try await bench.store.head(ObjectLocation(bucket: "media", key: key)).eTag
            records.append(WorkerBench.record(key, eTag: eTag))
        }
        try await bench.send(EventSamples.records(records))
        records.append(["eventName": "?"])
        try await bench.send(EventSamples.records(records))
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete, .complete, .complete])
        #expect(bench.engine.runs.count == 3)
        #expect(await bench.backend.queue.deadLetters(limit: 10).map(\.code) == ["event.refused"])
        try await expectEmptyQueue(bench, dead: 1)
    }

    @Test("After three failures that may pass a job is given up, and redrive tries it again")
    func givesUpAndRedrives() async throws {
        let disk = Disk()
        let bench = WorkerBench(engine: disk.engine)
        let event = try await bench.upload("input", "site/1/a.mp4")
        try await bench.send(event)
        await bench.runWorker()
        let job = try #require(try await bench.jobs().first)
        #expect(job.status == .error && job.failureCount == 3)
        #expect(bench.engine.runs.count == 3)
        #expect(
            await bench.backend.queue.deadLetters(limit: 10) == [
                DeadLetter(body: event, code: "output.unwritable", message: "no space is left", jobID: job.id)
            ]
        )
        #expect(try await bench.transcoding(of: "site/1/a.mp4")?.errorCode == "output.unwritable")
        #expect(await bench.notifications() == ["began", "failed"])

        disk.isFull.withLock { $0 = false }
        #expect(try await bench.queue().redrive(limit: 10) == 1)
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete])
        #expect(try await bench.transcoding(of: "site/1/a.mp4")?.errorCode == nil)
        #expect(await bench.notifications() == ["began", "failed", "began", "done"])
        try await expectEmptyQueue(bench)
    }

    @Test("Whichever call fails while a job is given up, its dead letter is written, and says why")
    func keepsDeadLetter() async throws {
        let count = try await giveUp(failing: nil).count
        // The job's end, its record, its notification, its dead letter.
        #expect(count >= 8)
        for number in 1...count {
            let (letters, told, failed, _) = try await giveUp(failing: number)
            #expect(letters.map(\.code) == ["output.unwritable"], "call \(number): \(failed)")
            #expect(told == ["began", "failed"], "call \(number): \(failed)")
        }
    }

    /// Lets a job fail three times; of the calls since the third time the `number`-th fails.
    private func giveUp(failing number: Int?) async throws -> (
        letters: [DeadLetter], told: [String], failed: [String], count: Int
    ) {
        let disk = Disk()
        let bench = WorkerBench(engine: disk.engine)
        let count = Mutex(0)
        let plan = FaultPlan { _ in
            guard disk.refusalCount.withLock({ $0 >= 3 }) else { return nil }
            let current = count.withLock { count in
                count += 1
                return count
            }
            return current == number ? .before : nil
        }
        try await bench.send(try await bench.upload("input", "a.mp4"))
        await bench.runWorker(plan)
        await bench.runWorker()
        let letters = await bench.backend.queue.deadLetters(limit: 10)
        return (letters, await bench.notifications(), plan.failedCalls, count.withLock { $0 })
    }

    @Test("A job that was given up is tried again by whoever runs it without a message")
    func triesAgainUnasked() async throws {
        let disk = Disk()
        let bench = WorkerBench(engine: disk.engine)
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        func status() async throws -> JobStatus? {
            _ = try await bench.executor().execute(job.id, nil, WorkerBench.log)
            return try await bench.jobs().first?.status
        }
        #expect(try await status() == .submitted)
        #expect(try await status() == .submitted)
        #expect(try await status() == .error)
        disk.isFull.withLock { $0 = false }
        #expect(try await status() == .complete)
    }

    @Test("A record that cannot be written for a while does not end a job")
    func survivesRecordOutage() async throws {
        let bench = WorkerBench()
        try await bench.send(try await bench.upload("input", "a.mp4"))
        let clean = WorkerBench()
        let calls = FaultPlan.none()
        try await clean.send(try await clean.upload("input", "a.mp4"))
        await clean.runWorker(calls)
        let write = try #require(calls.calls.firstIndex(of: "writeRecord")) + 1
        await bench.runWorker(FaultPlan.call(write))
        let job = try #require(try await bench.jobs().first)
        #expect(job.status == .complete)
        #expect(job.attempt == 2 && job.failureCount == 1)
    }

    @Test("A full disk frees what was written, and the job works when there is room")
    func freesFullDisk() async throws {
        let runs = Mutex(0)
        let isFull = Mutex(true)
        let engine = FakeEngine(
            during: { _ throws(EngineFailure) in
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run % 2 == 1 { throw .transcoding(TranscodingError(.outputNeedsFile, "it needs a file")) }
            },
            afterWriting: { _ throws(EngineFailure) in
                let wasFull = isFull.withLock { isFull in
                    defer { isFull = false }
                    return isFull
                }
                if wasFull { throw .transcoding(TranscodingError(.outputUnwritable, "no space is left")) }
            }
        )
        let bench = WorkerBench(engine: engine)
        try await bench.send(try await bench.upload("input", "a.mp4"))
        await bench.runWorker()
        let job = try #require(try await bench.jobs().first)
        #expect(job.status == .complete && job.failureCount == 1)
        #expect(try await bench.bytes("output/web/a.mp4") == engine.output(of: Data("input".utf8)))
        let left = try? FileManager.default.contentsOfDirectory(atPath: WorkerBench.spoolFolder)
        #expect(left?.filter { $0.hasPrefix(job.id) } == [])
    }

    @Test("While topics cannot be reached jobs go on; later all is told, in order")
    func tellsLater() async throws {
        let isDown = Mutex(true)
        var bench = WorkerBench()
        bench.notifierPlan = FaultPlan { _ in isDown.withLock { $0 } ? .before : nil }
        for number in 1...3 { try await bench.send(try await bench.upload("\(number)", "\(number).mp4")) }
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete, .complete, .complete])
        #expect(await bench.notifications() == [])
        isDown.withLock { $0 = false }
        await bench.runWorker()
        #expect(await bench.notifications() == ["began", "done", "began", "done", "began", "done"])
    }

    @Test("An input that is empty, gone, or not to be had is an error at once, and told")
    func reportsInput() async throws {
        let bench = WorkerBench()
        try await bench.send(try await bench.upload("", "empty.mp4"))
        try await bench.send(WorkerBench.event("gone.mp4", eTag: "e"))
        await bench.runWorker()
        let jobs = try await bench.jobs().sorted { $0.input.key < $1.input.key }
        #expect(jobs.map(\.error?.code) == ["input.empty", "input.missing"])
        #expect(jobs.map(\.attempt) == [1, 1])
        #expect(await bench.notifications().count { $0 == "failed" } == 2)
        try await expectEmptyQueue(bench)
    }
}
