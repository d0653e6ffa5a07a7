import Foundation
import Jobs
import LocalBackend
import TestMedia
import Testing

@Suite("Jobs and records in SQLite")
struct SQLiteMetadataStoreTests {
    private struct Fixture {
        let workspace: Workspace
        let data: DataFolder
        let store: SQLiteMetadataStore

        init() async throws {
            workspace = try Workspace()
            data = DataFolder(workspace.folder)
            store = SQLiteMetadataStore(try await LocalDatabase.open(data))
        }
    }

    private static func job(_ number: Int, pipeline: String = "p", identity: String? = nil) -> Job {
        var job = Job(
            id: "17000000\(10_000 + number)-abcdef",
            pipelineID: pipeline,
            identity: identity,
            origin: .event,
            input: Job.Input(bucket: "media", key: "é/\(number).mp4", byteCount: .max, sequencer: "0A"),
            outputBucket: "media",
            outputKeyPrefix: "output/",
            outputs: [Job.Output(id: "1", key: "web.mp4", presetID: "web")],
            userMetadata: ["a": "\u{1}\"é"],
            submitted: Date(timeIntervalSince1970: 1_700_000_000.123_456_7)
        )
        job.outputs[0].rendition = Rendition(byteCount: 1, eTag: "x", durationMilliseconds: 2)
        job.outputs[0].rendition?.ssim = 0.1 + 0.2
        return job
    }

    @Test("A job comes back exactly as it was stored")
    func keepsJobs() async throws {
        let fixture = try await Fixture()
        let stored = try await fixture.store.insert(Self.job(1))
        var expected = Self.job(1)
        expected.revision = 1
        #expect(stored == expected)
        #expect(try await fixture.store.job(expected.id) == expected)
        #expect(try await fixture.store.job("other") == nil)
        #expect(await code { _ = try await fixture.store.insert(Self.job(1)) } == .conflict)
    }

    @Test("Of eight equal requests at the same time one is stored, and all get it")
    func storesOneOfEqualRequests() async throws {
        let fixture = try await Fixture()
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let store = SQLiteMetadataStore(try await LocalDatabase.open(fixture.data))
                    return try await store.insert(Self.job(number, identity: "same")).id
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await fixture.store.jobs(.all, ascending: true, after: nil, limit: 100).items.count == 1)
    }

    @Test("A change is stored only on top of the one it was made from")
    func comparesRevisions() async throws {
        let fixture = try await Fixture()
        var job = try await fixture.store.insert(Self.job(1))
        job.status = .progressing
        let next = try await fixture.store.replace(job)
        #expect(next.revision == 2 && next.status == .progressing)
        #expect(await code { _ = try await fixture.store.replace(job) } == .conflict)
        #expect(await code { _ = try await fixture.store.replace(Self.job(2)) } == .notFound)
        #expect(try await fixture.store.job(job.id) == next)
        let winners = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { await code { _ = try await fixture.store.replace(next) } == nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test("Jobs are listed by pipeline and by status, both ways, page by page", arguments: [true, false])
    func listsJobs(ascending: Bool) async throws {
        let fixture = try await Fixture()
        var odd: [String] = []
        for number in 0..<25 {
            var job = try await fixture.store.insert(
                Self.job(number, pipeline: number % 2 == 1 ? "odd" : "p")
            )
            guard number % 2 == 1 else { continue }
            odd.append(job.id)
            job.status = .complete
            _ = try await fixture.store.replace(job)
        }
        if !ascending { odd.reverse() }
        for filter in [JobFilter.pipeline("odd"), .status(.complete)] {
            var ids: [String] = []
            var after: String?
            repeat {
                let page = try await fixture.store.jobs(filter, ascending: ascending, after: after, limit: 5)
                ids += page.items.map(\.id)
                after = page.next
            } while after != nil
            #expect(ids == odd)
        }
        let all = try await fixture.store.jobs(.all, ascending: ascending, after: nil, limit: 25)
        #expect(all.items.count == 25 && all.next == nil)
        for limit in [0, 101, .max] {
            #expect(
                await code {
                    _ = try await fixture.store.jobs(.all, ascending: true, after: nil, limit: limit)
                } == .invalid
            )
        }
    }

    @Test("Documents of one kind are apart from those of another")
    func keepsDocuments() async throws {
        let fixture = try await Fixture()
        let body = Data("{\"é\":\"\\u0000\"}".utf8)
        let stored = try await fixture.store.insert(StoredDocument(kind: .preset, id: "a", body: body))
        #expect(stored.revision == 1)
        _ = try await fixture.store.insert(StoredDocument(kind: .pipeline, id: "a", body: Data()))
        #expect(await code { _ = try await fixture.store.insert(stored) } == .conflict)
        #expect(try await fixture.store.replace(stored).revision == 2)
        #expect(await code { _ = try await fixture.store.replace(stored) } == .conflict)
        #expect(try await fixture.store.document(.preset, "a")?.body == body)
        #expect(try await fixture.store.document(.notification, "a") == nil)
        for id in ["b", "é", "Z"] {
            _ = try await fixture.store.insert(StoredDocument(kind: .preset, id: id, body: body))
        }
        let page = try await fixture.store.documents(.preset, ascending: true, after: "Z", limit: 2)
        #expect(page.items.map(\.id) == ["a", "b"] && page.next == "b")
        let last = try await fixture.store.documents(.preset, ascending: false, after: nil, limit: 1)
        #expect(last.items.map(\.id) == ["é"])
        try await fixture.store.deleteDocument(.preset, "a")
        try await fixture.store.deleteDocument(.preset, "a")
        #expect(await code { _ = try await fixture.store.replace(stored) } == .notFound)
        #expect(try await fixture.store.document(.pipeline, "a") != nil)
    }

    private static func record(_ mail: String, _ sequencer: String?, _ status: JobStatus) -> VideoRecord {
        var record = VideoRecord(projectStep: "project-1", mail: mail, video: "input/\(mail).mp4")
        if let sequencer {
            record.transcoding = VideoTranscoding(
                status: status,
                jobId: "1-a",
                sequencer: Sequencer.padded(sequencer)
            )
        }
        return record
    }

    @Test("A record is overwritten by a newer version of its input, never by an older one")
    func comparesSequencers() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        func write(_ sequencer: String?, _ status: JobStatus) async throws -> Bool {
            try await store.write(Self.record("a@b.c", sequencer, status))
        }
        #expect(try await write(nil, .submitted))
        #expect(try await write("0055AED6DCD90281E5", .progressing))
        #expect(try await write("0055AED6DCD90281E5", .complete))
        // Shorter, but greater.
        #expect(try await write("0055AED6DCD9028200", .submitted))
        #expect(try await !write("0055AED6DCD90281E5", .complete))
        #expect(try await !write(nil, .submitted))
        let record = try await store.record(projectStep: "project-1", mail: "a@b.c")
        #expect(record?.transcoding?.status == .submitted)
    }

    @Test("What others keep with a record stays, and attributes that are nil go")
    func keepsForeignAttributes() async throws {
        let fixture = try await Fixture()
        var record = Self.record("a@b.c", "01", .error)
        record.transcoding?.errorMessage = "no"
        _ = try await fixture.store.write(record)
        _ = try query(fixture.data, "UPDATE records SET attributes = '{\"grade\": 12345678901234567890}'")
        record.transcoding?.errorMessage = nil
        #expect(try await fixture.store.write(record))
        #expect(try await fixture.store.record(projectStep: "project-1", mail: "a@b.c") == record)
        #expect(
            try query(fixture.data, "SELECT attributes FROM records") == ["{\"grade\": 12345678901234567890}"]
        )
    }

    @Test("A record is found by its video, and all are listed in pages")
    func findsRecords() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for number in 0..<60 { _ = try await store.write(Self.record("\(number)@b.c", "01", .complete)) }
        _ = try await store.write(VideoRecord(projectStep: "a:1", mail: "", video: "x"))
        _ = try await store.write(VideoRecord(projectStep: "", mail: "", video: "y"))
        let found = try await store.record(projectStep: "project-1", video: "input/42@b.c.mp4")
        #expect(found?.mail == "42@b.c")
        #expect(try await store.record(projectStep: "project-2", video: "input/42@b.c.mp4") == nil)
        var records: [VideoRecord] = []
        var after: String?
        repeat {
            let page = try await store.records(after: after, limit: 7)
            records += page.items
            after = page.next
        } while after != nil
        #expect(records.count == 62 && Set(records.map { $0.projectStep + " " + $0.mail }).count == 62)
        for token in ["", ":", "x:y", "9:short", "-1:x", "99999999999999999999:x"] {
            #expect(await code { _ = try await store.records(after: token, limit: 1) } == .invalid)
        }
    }
}
