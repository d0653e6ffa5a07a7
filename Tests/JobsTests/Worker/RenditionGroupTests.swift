import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing
import Transcoding

@Suite("Several outputs of one job")
struct RenditionGroupTests {
    /// An engine that fails as often as `failures` has elements, and then no more.
    private func engine(_ failures: [TranscodingError.Code]) -> FakeEngine {
        let left = Mutex(failures)
        return FakeEngine(during: { _ throws(EngineFailure) in
            let code = left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let code { throw .transcoding(TranscodingError(code, "it failed")) }
        })
    }

    private func run(_ bench: WorkerBench, _ job: Job) async throws -> Job {
        _ = try await bench.upload("input", "a.mp4")
        _ = try await bench.backend.metadata.insert(job)
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        return try #require(try await bench.jobs().first)
    }

    private func names(_ keys: String...) -> [String] { keys.map { "media/output/web/\($0)" } }

    @Test("They are made from one decode, each whole at its place")
    func oneDecode() async throws {
        let bench = WorkerBench()
        let job = try await run(bench, WorkerBench.job(outputs: ["1.mp4", "2.mp4", "3.mp4"], origin: .api))
        #expect(bench.engine.outputs == [names("1.mp4", "2.mp4", "3.mp4")])
        #expect(job.status == .complete && job.outputs.allSatisfy { $0.status == .complete })
        for output in job.outputs {
            let bytes = try await bench.bytes("output/web/\(output.key)")
            #expect(bytes == bench.engine.output(of: Data("input".utf8)))
            #expect(output.rendition?.byteCount == Int64(bytes.count) && output.rendition?.eTag != "")
        }
    }

    @Test("What shows another part of the input, or is one too many, is made from another decode")
    func groups() async throws {
        var job = WorkerBench.job(outputs: (1...6).map { "\($0).mp4" }, origin: .api)
        job.outputs[1].timeSpan = Job.TimeSpan(start: "1.5", duration: nil)
        let bench = WorkerBench()
        let ended = try await run(bench, job)
        #expect(ended.status == .complete)
        #expect(
            bench.engine.outputs == [
                names("1.mp4", "3.mp4", "4.mp4", "5.mp4"), names("2.mp4"), names("6.mp4"),
            ]
        )
    }

    @Test("Where they fail together, each is tried alone, and what fails alone leaves the others be")
    func fallsBack() async throws {
        let bench = WorkerBench(engine: engine([.inputLimit, .inputLimit]))
        let job = try await run(bench, WorkerBench.job(outputs: ["1.mp4", "2.mp4"], origin: .api))
        #expect(bench.engine.outputs == [names("1.mp4", "2.mp4"), names("1.mp4"), names("2.mp4")])
        #expect(job.outputs.map(\.status) == [.error, .complete])
        #expect(job.outputs[0].error?.code == "input.limit")
        #expect(await bench.backend.objects.unfinishedUploadCount == 0)
    }

    @Test("Where a stream will not do, they are made as files, still together, and nothing is left of those")
    func spools() async throws {
        let bench = WorkerBench(engine: engine([.outputNeedsFile]))
        let job = try await run(bench, WorkerBench.job(outputs: ["1.ts", "2.mp4"], origin: .api))
        #expect(bench.engine.outputs == [names("1.ts", "2.mp4"), names("1.ts", "2.mp4")])
        #expect(job.status == .complete)
        for key in ["1.ts", "2.mp4"] {
            let bytes = try await bench.bytes("output/web/\(key)")
            #expect(bytes == bench.engine.output(of: Data("input".utf8)))
        }
        let left = try? FileManager.default.contentsOfDirectory(atPath: WorkerBench.spoolFolder)
        #expect(left?.contains { $0.hasPrefix(job.id) } != true)
    }

    @Test("A damaged input is not tried once more for each of them")
    func sharesFate() async throws {
        let bench = WorkerBench(engine: engine([.inputDamaged]))
        let job = try await run(bench, WorkerBench.job(outputs: ["1.mp4", "2.mp4"], origin: .api))
        #expect(bench.engine.outputs == [names("1.mp4", "2.mp4")])
        #expect(job.outputs.map(\.error?.code) == ["input.damaged", "input.damaged"])
    }

    @Test("An output whose place is taken fails alone, before the others are made together")
    func skipsTaken() async throws {
        let bench = WorkerBench()
        let place = ObjectLocation(bucket: "media", key: "output/web/2.mp4")
        _ = try await bench.store.write(
            Data("mine".utf8),
            to: place,
            attributes: ObjectAttributes(contentType: "video/mp4"),
            condition: .none
        )
        let job = try await run(bench, WorkerBench.job(outputs: ["1.mp4", "2.mp4", "3.mp4"], origin: .api))
        #expect(bench.engine.outputs == [names("1.mp4", "3.mp4")])
        #expect(job.outputs.map(\.status) == [.complete, .error, .complete])
        #expect(job.outputs[1].error?.code == "output.exists")
        #expect(try await bench.bytes(place.key) == Data("mine".utf8))
    }
}
