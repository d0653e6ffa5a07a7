import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing

@Suite("Versions of one input")
struct WorkerVersionTests {
    private static let old = "0055AED6DCD90281E5"
    /// Newer, although it is longer: the shorter is padded on the right.
    private static let new = "0055AED6DCD90281E50A"

    private func output(_ bench: WorkerBench) async throws -> Data {
        try await bench.bytes("output/web/a.mp4")
    }

    @Test("Of two whose events come in either order the newer one is shown", arguments: [false, true])
    func showsNewest(isInOrder: Bool) async throws {
        let bench = WorkerBench()
        var events = [try await bench.upload("one", "a.mp4", sequencer: Self.old)]
        events.append(try await bench.upload("two", "a.mp4", sequencer: Self.new))
        for event in isInOrder ? events : events.reversed() { try await bench.send(event) }
        await bench.runWorker()
        #expect(try await output(bench) == bench.engine.output(of: Data("two".utf8)))
        #expect(try await bench.transcoding(of: "a.mp4")?.sequencer == Sequencer.padded(Self.new))
        #expect(try await bench.transcoding(of: "a.mp4")?.status == .complete)
        let jobs = try await bench.jobs().filter { $0.input.sequencer == Self.old }
        #expect(jobs.map(\.status) == [isInOrder ? .complete : .canceled])
        try await expectEmptyQueue(bench)
    }

    @Test(
        "Of two that are made at the same time the newer one is shown, whichever is published first",
        arguments: [false, true]
    )
    func showsNewestOfTwo(isNewFirst: Bool) async throws {
        let shared = Mutex<WorkerBench?>(nil)
        let runs = Mutex(0)
        let engine = FakeEngine(afterReading: { _ throws(EngineFailure) in
            guard let bench = shared.withLock({ $0 }) else { return }
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            do {
                if run == 1 {
                    try await bench.send(try await bench.upload("two", "a.mp4", sequencer: Self.new))
                }
                // One of them waits until the other is published.
                guard (run == 1) == isNewFirst else { return }
                try await waitFor { await bench.backend.objects.keys(in: "media").count == 2 }
            } catch {
                throw .output(error)
            }
        })
        var bench = WorkerBench(engine: engine)
        bench.concurrency = 2
        shared.withLock { [bench] in $0 = bench }
        try await bench.send(try await bench.upload("one", "a.mp4", sequencer: Self.old))
        await bench.runWorker()
        #expect(engine.runs.count == 2)
        #expect(try await output(bench) == engine.output(of: Data("two".utf8)))
        #expect(try await bench.transcoding(of: "a.mp4")?.sequencer == Sequencer.padded(Self.new))
        let statuses = try await bench.jobs().sorted { $0.submitted < $1.submitted }.map(\.status)
        #expect(Set(statuses) == (isNewFirst ? [.complete, .canceled] : [.complete]))
        #expect(await bench.backend.objects.unfinishedUploadCount == 0)
    }

    @Test("An input that is replaced while it is read is never mixed", arguments: [Job.Origin.event, .api])
    func neverMixes(origin: Job.Origin) async throws {
        let shared = Mutex<WorkerBench?>(nil)
        let engine = FakeEngine(during: { _ throws(EngineFailure) in
            guard let bench = shared.withLock({ $0 }) else { return }
            shared.withLock { $0 = nil }
            do {
                let event = try await bench.upload("the second", "a.mp4", sequencer: Self.new)
                if origin == .event { try await bench.send(event) }
            } catch {
                throw .output(error)
            }
        })
        let bench = WorkerBench(engine: engine)
        shared.withLock { $0 = bench }
        let event = try await bench.upload("a first one", "a.mp4", sequencer: Self.old)
        if origin == .event {
            try await bench.send(event)
        } else {
            let job = try await bench.storeJob(origin: .api, sequencer: nil)
            try await bench.send(JobEvent.message(forJob: job.id))
        }
        await bench.runWorker()
        if origin == .event {
            #expect(try await output(bench) == engine.output(of: Data("the second".utf8)))
            #expect(Set(try await bench.jobs().map(\.status)) == [.canceled, .complete])
            #expect(await bench.notifications().filter { $0 != "began" } == ["done"])
        } else {
            #expect(await bench.backend.objects.keys(in: "media") == ["a.mp4"])
            #expect(try await bench.jobs().map(\.error?.code) == ["input.changed"])
            #expect(await bench.notifications() == ["began", "failed"])
        }
        try await expectEmptyQueue(bench)
    }

    @Test("Bytes that come back after others are shown again")
    func showsReturned() async throws {
        let bench = WorkerBench()
        let first = try await bench.upload("one", "a.mp4", sequencer: "01")
        try await bench.send(first)
        await bench.runWorker()
        try await bench.send(try await bench.upload("two", "a.mp4", sequencer: "02"))
        await bench.runWorker()
        #expect(try await output(bench) == bench.engine.output(of: Data("two".utf8)))
        // A store whose ETags are checksums gives the same bytes the same one.
        _ = try await bench.upload("one", "a.mp4")
        try await bench.send(first.replacingOccurrences(of: "\"01\"", with: "\"03\""))
        await bench.runWorker()
        #expect(try await output(bench) == bench.engine.output(of: Data("one".utf8)))
        #expect(try await bench.transcoding(of: "a.mp4")?.sequencer == Sequencer.padded("03"))
        #expect(try await bench.jobs().count == 3)
    }

    @Test("The same bytes once more, still shown, make no second job")
    func knowsRepeated() async throws {
        let bench = WorkerBench()
        let event = try await bench.upload("one", "a.mp4", sequencer: "01")
        try await bench.send(event)
        await bench.runWorker()
        try await bench.send(event.replacingOccurrences(of: "\"01\"", with: "\"02\""))
        await bench.runWorker()
        #expect(try await bench.jobs().count == 1)
        #expect(bench.engine.runs.count == 1)
    }

    @Test("A client's job does not touch an output that exists")
    func refusesToReplace() async throws {
        let bench = WorkerBench()
        _ = try await bench.upload("input", "a.mp4")
        _ = try await bench.upload("precious", "output/web/a.mp4")
        let target = ObjectLocation(bucket: "media", key: "output/web/a.mp4")
        let before = try await bench.store.head(target)
        let job = try await bench.storeJob(origin: .api, sequencer: nil)
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.error?.code) == ["output.exists"])
        #expect(try await bench.store.head(target) == before)
        #expect(bench.engine.runs.isEmpty)
        #expect(await bench.notifications() == ["began", "failed"])
    }

    @Test("One output's lasting failure leaves the others alone")
    func makesOthers() async throws {
        let bench = WorkerBench()
        _ = try await bench.upload("input", "a.mp4")
        _ = try await bench.upload("precious", "output/web/one.mp4")
        let job = try await bench.storeJob(outputs: ["one.mp4", "two.mp4"], origin: .api, sequencer: nil)
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        let ended = try #require(try await bench.jobs().first)
        #expect(ended.status == .error)
        #expect(ended.outputs.map(\.status) == [.error, .complete])
        #expect(try await bench.bytes("output/web/two.mp4") == bench.engine.output(of: Data("input".utf8)))
    }
}
