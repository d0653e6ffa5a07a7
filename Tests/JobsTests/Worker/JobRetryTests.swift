import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing
import Transcoding

@Suite("A job that is done again, and one whose place or input is not to be had")
struct JobRetryTests {
    private func run(_ bench: WorkerBench, _ job: Job) async throws -> Job? {
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        return try await bench.jobs().first
    }

    @Test("After a lasting failure, too, it makes what is missing, and keeps what is there")
    func retriesFailed() async throws {
        let isBroken = Mutex(true)
        let engine = FakeEngine(during: { _ throws(EngineFailure) in
            if isBroken.withLock({ $0 }) { throw .transcoding(TranscodingError(.inputDamaged, "no")) }
        })
        let bench = WorkerBench(engine: engine)
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        #expect(try await run(bench, job)?.status == .error)
        isBroken.withLock { $0 = false }
        let open = try await bench.ledger().retry(job.id)
        #expect(open.status == .submitted && open.outputs.map(\.status) == [.submitted])
        #expect(open.error == nil && open.outputs[0].error == nil && open.finished == nil)
        #expect(!open.isSettled && open.deathCount == 0)
        let ended = try #require(try await run(bench, job))
        #expect(ended.status == .complete && ended.isSettled)
        #expect(try await bench.transcoding(of: "a.mp4")?.status == .complete)
        #expect(await bench.notifications() == ["began", "failed", "began", "done"])
    }

    @Test("A job that fails again is told again, as something new that comes after all before")
    func tellsAgain() async throws {
        let engine = FakeEngine(during: { _ throws(EngineFailure) in
            throw .transcoding(TranscodingError(.inputDamaged, "no"))
        })
        let bench = WorkerBench(engine: engine)
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        for _ in 0..<12 {
            #expect(try await run(bench, job)?.status == .error)
            _ = try await bench.ledger().retry(job.id)
        }
        let told = await bench.backend.notifier.sent
        #expect(told.map(\.topic) == Array(repeating: ["began", "failed"], count: 12).flatMap { $0 })
        let ids = told.map(\.id)
        #expect(
            Set(ids).count == 24 && ids == ids.sorted { Array($0.utf8).lexicographicallyPrecedes($1.utf8) }
        )
        #expect(ids.prefix(2) == ["\(job.id).1.progressing", "\(job.id).2.error"])
    }

    @Test("A cancelled job is done after all")
    func retriesCanceled() async throws {
        let bench = WorkerBench()
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob(outputs: ["a.mp4", "b.mp4"])
        _ = try await bench.ledger().cancel(job.id)
        _ = try await bench.ledger().retry(job.id)
        #expect(try await run(bench, job)?.outputs.map(\.status) == [.complete, .complete])
    }

    @Test("What waits, runs or is complete is not done again, and what is not there is not found")
    func refuses() async throws {
        let bench = WorkerBench()
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob()
        func code() async -> BackendError.Code? {
            do throws(BackendError) {
                _ = try await bench.ledger().retry(job.id)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(await code() == .conflict)
        _ = try await bench.ledger("worker").claim(job.id)
        #expect(await code() == .conflict)
        bench.clock.advance(by: 61)
        _ = try await run(bench, job)
        #expect(try await bench.jobs().map(\.status) == [.complete])
        #expect(await code() == .conflict)
        await #expect { try await bench.ledger().retry("1790000000000-bbbbbb") } throws: { error in
            (error as? BackendError)?.code == .notFound
        }
    }

    @Test("A worker that is late to settle a job's end does not settle the next one")
    func settlesItsOwn() async throws {
        let bench = WorkerBench()
        let job = try await bench.storeJob()
        let canceled = try await bench.ledger().cancel(job.id)
        _ = try await bench.ledger().retry(job.id)
        try await bench.ledger().settle(canceled)
        #expect(try await bench.jobs().map(\.isSettled) == [false])
    }

    @Test("A job that was put back or tried again in good order has ended no worker")
    func countsDeaths() {
        let moment = Date(timeIntervalSince1970: 1_790_000_000)
        var job = WorkerBench.job()
        for _ in 0..<30 { job = job.claimed(by: "w", now: moment, seconds: 60).putBack(after: nil) }
        job = job.claimed(by: "w", now: moment, seconds: 60)
        #expect(job.attempt == 31 && job.deathCount == 0)
        job = job.claimed(by: "w", now: moment, seconds: 60)
        #expect(job.deathCount == 1)
        let error = JobError(code: "unavailable", message: "no", isRetryable: true)
        #expect(job.ended(now: moment, error: error).reopened().deathCount == 0)
    }

    // MARK: - Codes

    private func code(
        input: String = "media",
        output: String = "media",
        _ objects: (any ObjectStore)? = nil
    ) async throws -> (String?, Int?) {
        var bench = WorkerBench()
        bench.objects = objects
        if objects == nil, input == "media" { _ = try await bench.upload("input", "a.mp4") }
        var job = WorkerBench.job(origin: .api, sequencer: nil)
        job.input.bucket = input
        job.outputBucket = output
        _ = try await bench.backend.metadata.insert(job)
        let ended = try await run(bench, job)
        return (ended?.error?.code, ended?.attempt)
    }

    @Test("Whether object or bucket is missing, and whether reading or writing is denied, is told apart")
    func tellsApart() async throws {
        #expect(try await code(input: "gone") == ("input.no-bucket", 1))
        #expect(try await code(input: "other") == ("input.missing", 1))
        #expect(try await code(output: "gone") == ("output.no-bucket", 1))
        #expect(try await code(ForbiddingStore(forbidden: "a.mp4")) == ("input.denied", 1))
        #expect(try await code(ForbiddingStore(forbidden: "output/web/a.mp4")) == ("output.denied", 1))
    }
}

/// Holds one input, and denies the use of one key.
private struct ForbiddingStore: ObjectStore {
    let objects = InMemoryObjectStore(buckets: ["media"])
    let forbidden: String

    private func check(_ location: ObjectLocation) async throws(BackendError) {
        _ = try await objects.write(
            Data("input".utf8),
            to: ObjectLocation(bucket: "media", key: "a.mp4"),
            attributes: ObjectAttributes(contentType: "video/mp4"),
            condition: .none
        )
        if location.key == forbidden { throw BackendError(.denied, "\(location) is not to be used") }
    }

    func head(_ location: ObjectLocation) async throws(BackendError) -> ObjectInfo {
        try await check(location)
        return try await objects.head(location)
    }

    func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) async throws(BackendError) -> Data {
        try await check(location)
        return try await objects.read(location, range: range, eTag: nil)
    }

    func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) async throws(BackendError) -> String {
        try await objects.write(data, to: location, attributes: attributes, condition: condition)
    }

    func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) async throws(BackendError) -> any ObjectUpload {
        try await objects.startUpload(to: location, attributes: attributes)
    }

    func delete(_ location: ObjectLocation) async throws(BackendError) {
        try await objects.delete(location)
    }

    func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<ObjectSummary> {
        try await objects.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
    }

    func hasBucket(_ bucket: String) async throws(BackendError) -> Bool {
        await objects.hasBucket(bucket)
    }

    func abortUploads(of location: ObjectLocation) async throws(BackendError) -> Int {
        await objects.abortUploads(of: location)
    }
}
