import Foundation
import Jobs
import TestBackends
import TestMedia
import Testing
import Transcoding

@Suite("Pipelines and presets that clients have made")
struct DirectoryTests {
    private func store(_ kind: StoredDocument.Kind, _ id: String, _ body: Data, _ bench: WorkerBench)
        async throws
    {
        _ = try await bench.backend.metadata.insert(StoredDocument(kind: kind, id: id, body: body))
    }

    private func storePipeline(_ bench: WorkerBench, isPaused: Bool = false) async throws {
        var pipeline = WorkerBench.pipeline
        pipeline.id = "1790000000000-pppppp"
        pipeline.isPaused = isPaused
        try await store(.pipeline, pipeline.id, try JSONEncoder().encode(pipeline), bench)
    }

    private func send(_ bench: WorkerBench, preset: String = "web") async throws {
        _ = try await bench.upload("input", "a.mp4")
        var job = WorkerBench.job(pipelineID: "1790000000000-pppppp")
        job.outputs[0].presetID = preset
        _ = try await bench.backend.metadata.insert(job)
        try await bench.send(JobEvent.message(forJob: job.id))
    }

    @Test("A job of a stored pipeline is told to its topics")
    func tellsStoredTopics() async throws {
        let bench = WorkerBench()
        try await storePipeline(bench)
        try await send(bench)
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete])
        #expect(await bench.notifications() == ["began", "done"])
    }

    @Test("A configured pipeline is found without the store, and hides a stored one of its id")
    func prefersConfigured() async throws {
        let store = FaultInjectingMetadataStore(InMemoryMetadataStore(), FaultPlan { _ in .before })
        let directory = PipelineDirectory(configured: [WorkerBench.pipeline], store: store)
        #expect(try await directory.pipeline("p") == WorkerBench.pipeline)
        await #expect(throws: BackendError.self) { try await directory.pipeline("q") }
    }

    @Test("What is stored and is no pipeline is an error, not a pipeline without topics")
    func refusesNonsense() async throws {
        let bench = WorkerBench()
        try await store(.pipeline, "1790000000000-pppppp", Data("{}".utf8), bench)
        let directory = PipelineDirectory(configured: [], store: bench.backend.metadata)
        await #expect { try await directory.pipeline("1790000000000-pppppp") } throws: { error in
            (error as? BackendError)?.code == .invalid
        }
        #expect(try await directory.pipeline("1790000000000-qqqqqq") == nil)
    }

    @Test("A stored preset makes outputs; one that nobody knows is a lasting error")
    func usesStoredPreset() async throws {
        let bench = WorkerBench()
        try await storePipeline(bench)
        let id = "1790000000000-rrrrrr"
        let json = try Data(contentsOf: Samples.packageRoot.appendingPathComponent("presets/web.json"))
        try await store(.preset, id, json, bench)
        try await send(bench, preset: id)
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete])

        let other = WorkerBench()
        try await storePipeline(other)
        try await send(other, preset: id)
        await other.runWorker()
        #expect(try await other.jobs().map(\.error?.code) == ["preset.invalid"])
        #expect(try await other.jobs().map(\.attempt) == [1])
    }

    @Test("A store that fails while it is asked for pipeline or preset loses no notification")
    func survivesStore() async throws {
        for number in 1...30 {
            let bench = WorkerBench()
            try await storePipeline(bench)
            let id = "1790000000000-rrrrrr"
            let json = try Data(contentsOf: Samples.packageRoot.appendingPathComponent("presets/web.json"))
            try await store(.preset, id, json, bench)
            try await send(bench, preset: id)
            let plan = FaultPlan.call(number)
            await bench.runWorker(plan)
            bench.clock.advance(by: 1000)
            await bench.runWorker()
            let what: Comment = "call \(number): \(plan.failedCalls)"
            #expect(try await bench.jobs().map(\.status) == [.complete], what)
            #expect(await bench.notifications() == ["began", "done"], what)
        }
    }

    @Test("The message of a paused job is hidden for a quarter of an hour at a time, and never given up")
    func hidesPaused() async throws {
        let bench = WorkerBench()
        try await storePipeline(bench, isPaused: true)
        try await send(bench)
        let plan = FaultPlan.none()
        let worker = bench.worker("worker", plan, endsWhenEmpty: false)
        let life = Task { await worker.run() }
        for delivery in 1...150 {
            // While a call has only begun, the clock is not to move: from when on the message is hidden depends on it.
            try await waitFor { plan.endedCalls.count { $0 == "extend" || $0 == "delete" } == delivery }
            let depth = await bench.backend.queue.depth()
            #expect(depth == QueueDepth(visible: 0, inFlight: 1, dead: 0))
            bench.clock.advance(by: 901)
        }
        life.cancel()
        await life.value
        #expect(try await bench.jobs().map(\.attempt) == [0])
        #expect(await bench.notifications() == [])
        bench.clock.advance(by: 901)
        // A queue gives up what it delivered a thousand times: this is the second message.
        let messages = try await bench.queue().receive(limit: 10, wait: 0, visibility: 0)
        #expect(messages.count == 1)
        #expect((40...60).contains(messages.first?.receiveCount ?? 0))
    }
}
