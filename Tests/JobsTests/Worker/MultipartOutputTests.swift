import Foundation
import Jobs
import Synchronization
import TestBackends
import Testing

@Suite("An output that is uploaded while it is made")
struct MultipartOutputTests {
    private let location = ObjectLocation(bucket: "media", key: "out.mp4")
    private let attributes = ObjectAttributes(contentType: "video/mp4", metadata: ["recast-job": "j"])

    private func output(_ store: any ObjectStore, parallelParts: Int = 3) -> MultipartOutput {
        MultipartOutput(
            store: store,
            location: location,
            attributes: attributes,
            partSize: 100,
            parallelParts: parallelParts
        )
    }

    private func bytes(_ count: Int) -> Data { Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }) }

    /// Writes as the engine does: behind the head first, the head last.
    private func write(_ data: Data, head: Int, step: Int, to output: MultipartOutput) async throws {
        for start in stride(from: head, to: data.count, by: step) {
            try await output.write(data[start..<min(start + step, data.count)], at: Int64(start))
        }
        for start in stride(from: 0, to: head, by: 3) {
            try await output.write(data[start..<min(start + 3, head)], at: Int64(start))
        }
    }

    @Test(
        "Whatever the sizes of head, body and writes, the object holds the bytes in order",
        arguments: [(7, 1050, 33), (7, 93, 10), (7, 94, 94), (100, 900, 1000), (130, 901, 7), (99, 2, 1)]
    )
    func keepsOrder(head: Int, body: Int, step: Int) async throws {
        let store = SpyStore()
        let output = output(store)
        let data = bytes(head + body)
        try await write(data, head: head, step: step, to: output)
        try await output.finish()
        #expect(await store.memory.keys(in: "media") == [])
        _ = try await output.publish(condition: .absent)
        #expect(try await store.memory.read(location, range: 0..<10_000, eTag: nil) == data)
        #expect(try await store.memory.head(location).metadata == attributes.metadata)
        #expect(await store.memory.unfinishedUploadCount == 0)
        #expect(await output.byteCount == Int64(data.count))
    }

    @Test("Every part but the last is full, and the one with the head comes last")
    func fillsParts() async throws {
        let store = SpyStore()
        let output = output(store)
        try await write(bytes(457), head: 7, step: 33, to: output)
        try await output.finish()
        let parts = store.parts
        #expect(parts.sorted { $0.number < $1.number }.map(\.byteCount) == [100, 100, 100, 100, 57])
        #expect(parts.last?.number == 1)
    }

    @Test("What fits into one part is written at once")
    func writesSmallAtOnce() async throws {
        let plan = FaultPlan.none()
        let memory = InMemoryObjectStore(buckets: ["media"])
        let output = output(FaultInjectingObjectStore(memory, plan))
        try await write(bytes(100), head: 7, step: 33, to: output)
        try await output.finish()
        _ = try await output.publish(condition: .absent)
        #expect(plan.calls == ["write"])
    }

    @Test("No more parts travel at the same time than allowed, and some do")
    func boundsParallelParts() async throws {
        let store = SpyStore(delay: .milliseconds(5))
        let output = output(store, parallelParts: 2)
        try await write(bytes(1507), head: 7, step: 200, to: output)
        try await output.finish()
        #expect(store.mostAtOnce == 2)
    }

    @Test("Bytes out of order, a gap, and a head that is missing or short are refused")
    func refusesDisorder() async throws {
        let store = SpyStore()
        let gap = output(store)
        try await gap.write(bytes(10), at: 7)
        await #expect(throws: BackendError.self) { try await gap.write(bytes(10), at: 18) }
        let late = output(store)
        try await late.write(bytes(10), at: 7)
        try await late.write(bytes(3), at: 0)
        await #expect(throws: BackendError.self) { try await late.write(bytes(3), at: 17) }
        await #expect(throws: BackendError.self) { try await late.finish() }
        await #expect(throws: BackendError.self) { try await output(store).finish() }
    }

    @Test("A part that fails fails the output, and nothing is left of it")
    func failsWithPart() async throws {
        let plan = FaultPlan.call(3)
        let memory = InMemoryObjectStore(buckets: ["media"])
        let output = output(FaultInjectingObjectStore(memory, plan))
        await #expect(throws: BackendError(.unavailable, "injected")) {
            try await write(bytes(2000), head: 7, step: 33, to: output)
            try await output.finish()
        }
        await output.abort()
        #expect(plan.failedCalls == ["upload"])
        #expect(await memory.unfinishedUploadCount == 0)
        #expect(await memory.keys(in: "media") == [])
    }

    @Test("An upload that somebody removed may be begun again: no reason to give the job up")
    func survivesRemoval() async throws {
        let memory = InMemoryObjectStore(buckets: ["media"])
        let output = output(memory)
        try await output.write(bytes(250), at: 7)
        _ = await memory.abortUploads(of: location)
        try await output.write(bytes(7), at: 0)
        await #expect { try await output.finish() } throws: { error in
            (error as? BackendError)?.code == .unavailable
        }
    }

    @Test("Cancelled while parts hang, it gives them up, and removes the upload all the same")
    func abortsWhenCancelled() async throws {
        let store = SpyStore(delay: .seconds(3600))
        let output = output(store, parallelParts: 1)
        let hasEnded = Mutex(false)
        let writing = Task {
            do { try await write(bytes(2000), head: 7, step: 100, to: output) } catch { await output.abort() }
            hasEnded.withLock { $0 = true }
        }
        try await waitFor { store.atOnce > 0 }
        writing.cancel()
        try await waitFor { hasEnded.withLock { $0 } }
        #expect(await store.memory.unfinishedUploadCount == 0)
    }

    @Test("After a condition that does not hold it can be published under another")
    func publishesAgain() async throws {
        let store = SpyStore()
        let old = try await store.memory.write(
            Data("old".utf8),
            to: location,
            attributes: attributes,
            condition: .none
        )
        let output = output(store)
        try await write(bytes(300), head: 7, step: 100, to: output)
        try await output.finish()
        await #expect { try await output.publish(condition: .absent) } throws: { error in
            (error as? BackendError)?.code == .conflict
        }
        _ = try await output.publish(condition: .matches(eTag: old))
        #expect(try await store.memory.read(location, range: 0..<1000, eTag: nil) == bytes(300))
    }

    @Test("Ten thousand parts hold any output", arguments: [0, 1, 8 << 20, 1 << 40, 5 << 40, Int64.max])
    func choosesPartSize(expected: Int64) {
        let size = MultipartOutput.partSize(expected: expected)
        #expect(size >= 8 << 20)
        #expect(Int64(size) * 10_000 >= 2 * min(expected, 5 << 40))
        #expect(size <= 5 << 30)
    }
}

/// A store in memory that watches its uploads; each part takes `delay`, or until its task is cancelled.
private final class SpyStore: ObjectStore {
    struct Part: Sendable {
        let number: Int
        let byteCount: Int
    }

    private struct State {
        var parts: [Part] = []
        var atOnce = 0
        var mostAtOnce = 0
    }

    let memory = InMemoryObjectStore(buckets: ["media"])
    private let delay: Duration?
    private let state = Mutex(State())

    init(delay: Duration? = nil) { self.delay = delay }

    /// In the order in which they were uploaded.
    var parts: [Part] { state.withLock { $0.parts } }
    var atOnce: Int { state.withLock { $0.atOnce } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    func watch(_ part: Part, _ body: () async throws(BackendError) -> Void) async throws(BackendError) {
        state.withLock { state in
            state.atOnce += 1
            state.mostAtOnce = max(state.mostAtOnce, state.atOnce)
        }
        defer { state.withLock { $0.atOnce -= 1 } }
        if let delay {
            do { try await Task.sleep(for: delay) } catch { throw BackendError(.unavailable, "cancelled") }
        }
        try await body()
        state.withLock { $0.parts.append(part) }
    }

    func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) async throws(BackendError) -> any ObjectUpload {
        SpyUpload(store: self, upload: try await memory.startUpload(to: location, attributes: attributes))
    }

    func head(_ location: ObjectLocation) async throws(BackendError) -> ObjectInfo {
        try await memory.head(location)
    }
    func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) async throws(BackendError) -> Data { try await memory.read(location, range: range, eTag: eTag) }
    func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) async throws(BackendError) -> String {
        try await memory.write(data, to: location, attributes: attributes, condition: condition)
    }
    func delete(_ location: ObjectLocation) async throws(BackendError) { try await memory.delete(location) }
    func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<ObjectSummary> {
        try await memory.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
    }
    func hasBucket(_ bucket: String) async -> Bool { await memory.hasBucket(bucket) }
    func abortUploads(of location: ObjectLocation) async -> Int { await memory.abortUploads(of: location) }
}

private struct SpyUpload: ObjectUpload {
    let store: SpyStore
    let upload: any ObjectUpload

    var minimumPartSize: Int { upload.minimumPartSize }

    func upload(part number: Int, _ data: Data) async throws(BackendError) {
        try await store.watch(SpyStore.Part(number: number, byteCount: data.count)) {
            () async throws(BackendError) in try await upload.upload(part: number, data)
        }
    }
    func complete(condition: WriteCondition) async throws(BackendError) -> String {
        try await upload.complete(condition: condition)
    }
    func abort() async throws(BackendError) {
        // As a request would: a cancelled one is not sent.
        guard !Task.isCancelled else { throw BackendError(.unavailable, "cancelled") }
        try await upload.abort()
    }
}
