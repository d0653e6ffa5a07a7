import Foundation
import Jobs
import TestBackends
import Testing

@Suite("Injected faults")
struct FaultPlanTests {
    private static let location = ObjectLocation(bucket: "videos", key: "clip.mp4")

    private static func write(_ store: some ObjectStore) async throws {
        _ = try await store.write(
            Data("x".utf8),
            to: location,
            attributes: ObjectAttributes(contentType: "text/plain"),
            condition: .absent
        )
    }

    @Test("The n-th call fails, whichever part of the backend it is made to")
    func countsOverAll() async throws {
        let backend = InMemoryBackend(buckets: ["videos"])
        let plan = FaultPlan.call(3, error: BackendError(.throttled, "slow down"))
        let store = FaultInjectingObjectStore(backend.objects, plan)
        let queue = FaultInjectingJobQueue(backend.queue, plan)
        try await Self.write(store)
        try await queue.send("1", delay: 0)
        #expect(try await failure { try await queue.send("2", delay: 0) } == .throttled)
        try await queue.send("3", delay: 0)
        #expect(plan.calls == ["write", "send", "send", "send"])
        #expect(plan.failedCalls == ["send"])
        #expect(await backend.queue.depth().visible == 2)
    }

    @Test("A lost answer is an error although the thing is done")
    func losesAnswers() async throws {
        let backend = InMemoryBackend(buckets: ["videos"])
        let store = FaultInjectingObjectStore(backend.objects, .call(1, .after))
        #expect(try await failure { try await Self.write(store) } == .unavailable)
        #expect(await backend.objects.keys(in: "videos") == ["clip.mp4"])
        #expect(try await failure { try await Self.write(store) } == .conflict)
    }

    @Test("A failed part of an upload is one of the calls")
    func reachesUploads() async throws {
        let backend = InMemoryBackend(buckets: ["videos"])
        let plan = FaultPlan.call(3)
        let store = FaultInjectingObjectStore(backend.objects, plan)
        let attributes = ObjectAttributes(contentType: "text/plain")
        let upload = try await store.startUpload(to: Self.location, attributes: attributes)
        try await upload.upload(part: 1, Data("x".utf8))
        #expect(try await failure { try await upload.complete(condition: .none) } == .unavailable)
        _ = try await upload.complete(condition: .none)
        #expect(plan.calls == ["startUpload", "upload", "complete", "complete"])
    }

    @Test("After its death a program reaches nothing", arguments: FaultPlan.Moment.allCases)
    func dies(moment: FaultPlan.Moment) async throws {
        let backend = InMemoryBackend(buckets: ["videos"])
        let queue = FaultInjectingJobQueue(backend.queue, .death(at: 2, moment))
        try await queue.send("1", delay: 0)
        for body in ["2", "3"] {
            #expect(try await failure { try await queue.send(body, delay: 0) } == .unavailable)
        }
        #expect(await backend.queue.depth().visible == (moment == .before ? 1 : 2))
    }
}
