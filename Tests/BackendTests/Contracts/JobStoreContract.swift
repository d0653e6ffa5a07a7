import Foundation
import Jobs
import Testing

/// A metadata store with nothing in it, and a second way to its records.
struct MetadataStoreSubject: Sendable {
    let store: any MetadataStore
    /// Writes a record with attributes that this program does not know, as another program would.
    let putForeign: @Sendable (VideoRecord, [String: String]) async throws -> Void
    /// Those of its attributes, read the same way; `transcoding` ones are not among them.
    let foreignAttributes: @Sendable (_ projectStep: String, _ mail: String) async throws -> [String: String]
}

/// A job like those that events make; jobs with a greater number come later.
func exampleJob(
    _ number: Int,
    identity: String? = nil,
    pipelineID: String = "site",
    status: JobStatus = .submitted
) -> Job {
    var job = Job(
        id: "17000000\(String(format: "%05d", number))-abc\(String(format: "%03d", number % 1_000))",
        pipelineID: pipelineID,
        identity: identity,
        origin: .event,
        input: Job.Input(
            bucket: "videos",
            key: "folder/é \(number).mp4",
            versionID: "v1",
            eTag: "abc",
            byteCount: 5_368_709_121,
            sequencer: "0055AED6DCD90281E5"
        ),
        outputBucket: "videos",
        outputKeyPrefix: "output/",
        outputs: [Job.Output(id: "1", key: "web/\(number).mp4", presetID: "1351620000001-100070")],
        userMetadata: ["note": "\"quoted\" €😀", "empty": ""],
        submitted: Date(timeIntervalSince1970: 1_700_000_000.25)
    )
    job.status = status
    return job
}

@Suite("The jobs of a metadata store")
struct JobStoreContract {
    @Test("A job is read as it was stored, every property of it", arguments: Candidate.metadataStores)
    func roundTrip(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        var rendition = Rendition(byteCount: 9_007_199_254_740_993, eTag: "e", durationMilliseconds: 1_001)
        rendition.width = 640
        rendition.frameRate = 29.97
        rendition.ssim = 0.987_654_321
        var job = exampleJob(1, identity: "one")
        job.outputs[0].rendition = rendition
        job.outputs[0].error = JobError(code: "input.damaged", message: "bad", isRetryable: false)
        job.lease = Job.Lease(owner: "worker", until: Date(timeIntervalSince1970: 1_700_000_060.5))
        job.attempt = 2
        job.isCancelRequested = true
        let stored = try await store.insert(job)
        job.revision = 1
        #expect(stored == job)
        #expect(try await store.job(job.id) == job)
        #expect(try await store.job("1700000000000-zzzzzz") == nil)
    }

    @Test("A request made twice is one job", arguments: Candidate.metadataStores)
    func knowsIdentity(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        let first = try await store.insert(exampleJob(1, identity: "same"))
        let second = try await store.insert(exampleJob(2, identity: "same"))
        #expect(second.id == first.id)
        #expect(try await store.job(exampleJob(2).id) == nil)
        // Requests without an identity all count.
        #expect(try await store.insert(exampleJob(3)).id == exampleJob(3).id)
        #expect(try await store.insert(exampleJob(4)).id == exampleJob(4).id)
        // The same one is still known when its job has changed.
        var changed = first
        changed.status = .complete
        _ = try await store.replace(changed)
        #expect(try await store.insert(exampleJob(5, identity: "same")).status == .complete)
    }

    @Test("Of eight requests at once exactly one is stored", arguments: Candidate.metadataStores)
    func insertsOne(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        let answers = try await withThrowingTaskGroup(of: Job.self) { group in
            for number in 1...8 {
                group.addTask { try await store.insert(exampleJob(number, identity: "same")) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.id)).count == 1)
        var count = 0
        for number in 1...8 where try await store.job(exampleJob(number).id) != nil { count += 1 }
        #expect(count == 1)
    }

    @Test("An id is taken once", arguments: Candidate.metadataStores)
    func takesIDOnce(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        _ = try await store.insert(exampleJob(1, identity: "one"))
        #expect(try await failure { try await store.insert(exampleJob(1, identity: "other")) } == .conflict)
        #expect(try await failure { try await store.insert(exampleJob(1)) } == .conflict)
        // The identity of a job that was refused is still free.
        #expect(try await store.insert(exampleJob(2, identity: "other")).id == exampleJob(2).id)
    }

    @Test("A change based on an old revision is a conflict", arguments: Candidate.metadataStores)
    func comparesRevisions(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        var first = try await store.insert(exampleJob(1))
        var second = first
        first.status = .progressing
        let replaced = try await store.replace(first)
        #expect(replaced.revision == 2)
        second.status = .canceled
        #expect(try await failure { try await store.replace(second) } == .conflict)
        #expect(try await store.job(first.id)?.status == .progressing)
        // A job that was never stored has nothing to be replaced.
        #expect(try await failure { try await store.replace(exampleJob(2)) } != nil)
        #expect(try await store.job(exampleJob(2).id) == nil)
    }

    @Test("Of eight changes at once exactly one wins", arguments: Candidate.metadataStores)
    func replacesOnce(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        let job = try await store.insert(exampleJob(1))
        let winners = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 1...8 {
                group.addTask {
                    var mine = job
                    mine.lease = Job.Lease(owner: "worker \(number)", until: job.submitted)
                    let claim = mine
                    let code = try await failure { try await store.replace(claim) }
                    #expect(code == nil || code == .conflict)
                    return code == nil ? claim.lease?.owner : nil
                }
            }
            return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
        }
        #expect(winners.count == 1)
        let stored = try await store.job(job.id)
        #expect(stored?.lease?.owner == winners.first)
        #expect(stored?.revision == 2)
    }

    @Test(
        "Jobs are listed in the order of their ids, page by page, both ways",
        arguments: Candidate.metadataStores
    )
    func lists(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        for number in (1...30).shuffled() {
            // Five of another pipeline in between.
            let pipeline = number % 6 == 0 ? "other" : "site"
            _ = try await store.insert(exampleJob(number, pipelineID: pipeline))
        }
        let expected = (1...30).filter { $0 % 6 != 0 }.map { exampleJob($0).id }
        for isAscending in [true, false] {
            let (ids, sizes) = try await Self.list(store, .pipeline("site"), ascending: isAscending)
            #expect(ids == (isAscending ? expected : expected.reversed()))
            #expect(sizes == [10, 10, 5])
        }
        let all = try await Self.list(store, .all, ascending: false)
        #expect(all.ids == (1...30).reversed().map { exampleJob($0).id })
        #expect(try await Self.list(store, .pipeline("none"), ascending: true).ids.isEmpty)
    }

    @Test("A job is listed under the status it has", arguments: Candidate.metadataStores)
    func listsByStatus(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        for number in 1...30 {
            var job = try await store.insert(exampleJob(number))
            guard number > 3 else { continue }
            job.status = number > 28 ? .error : .complete
            _ = try await store.replace(job)
        }
        let expected: [(JobStatus, ClosedRange<Int>)] = [
            (.submitted, 1...3), (.complete, 4...28), (.error, 29...30),
        ]
        for (status, numbers) in expected {
            let ids = numbers.map { exampleJob($0).id }
            #expect(try await Self.list(store, .status(status), ascending: true).ids == ids)
            #expect(try await Self.list(store, .status(status), ascending: false).ids == ids.reversed())
        }
        #expect(try await Self.list(store, .status(.canceled), ascending: true).ids.isEmpty)
    }

    /// The ids of a whole listing, ten a page, and the pages' sizes; the last may be an empty one.
    private static func list(
        _ store: any MetadataStore,
        _ filter: JobFilter,
        ascending: Bool
    ) async throws -> (ids: [String], sizes: [Int]) {
        var ids: [String] = []
        var sizes: [Int] = []
        var after: String?
        repeat {
            let page = try await store.jobs(filter, ascending: ascending, after: after, limit: 10)
            ids += page.items.map(\.id)
            if !page.items.isEmpty { sizes.append(page.items.count) }
            after = page.next
        } while after != nil && sizes.count < 10
        return (ids, sizes)
    }
}
