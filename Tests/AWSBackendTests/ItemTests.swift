import AWSBackend
import Foundation
import Jobs
import Testing

@Suite("Items of the tables")
struct ItemTests {
    @Test("A job comes back from its item as it was")
    func keepsJob() throws {
        var job = Job.sample("1764000000123-abc123", identity: "same")
        job.revision = 7
        job.lease = Job.Lease(owner: "w\u{1}", until: Date(timeIntervalSince1970: 1.0 / 3))
        job.outputs[0].rendition = Rendition(byteCount: .max, eTag: "e", durationMilliseconds: 1)
        job.error = JobError(code: "denied", message: "\"x\"", isRetryable: true)
        let item = try JobItem.item(for: job, stamp: "s")
        #expect(try JobItem.job(from: item) == job)
        #expect(item["revision"] == .number("7"))
        #expect(item["status"] == .string("Submitted"))
    }

    @Test("A job without a pipeline stays out of that index, whose keys cannot be empty")
    func leavesOutEmptyKeys() throws {
        let item = try JobItem.item(for: .sample("1", pipeline: ""), stamp: "s")
        #expect(item["pipeline"] == nil)
    }

    @Test("A job of more than 400 KB is invalid, and one just below is not")
    func limitsSize() throws {
        var job = Job.sample("1")
        let small = try JobItem.item(for: job, stamp: "s").byteCount
        job.userMetadata = ["a": String(repeating: "x", count: (400 << 10) - small - 6)]
        let item = try JobItem.item(for: job, stamp: "s")
        #expect(item.byteCount <= 400 << 10)
        job.userMetadata["a"]?.append(String(repeating: "x", count: 100))
        #expect {
            try JobItem.item(for: job, stamp: "s")
        } throws: { ($0 as? BackendError)?.code == .invalid }
    }

    @Test("A document's bytes come back as they were, whether they are text or not")
    func keepsBytes() throws {
        for body in [Data(), Data("\u{feff}{\"é\":1}".utf8), Data([0xFF, 0x00, 0xFE])] {
            let document = StoredDocument(kind: .preset, id: "é", revision: 3, body: body)
            let item = try JobItem.item(for: document, stamp: "s")
            #expect(try JobItem.document(.preset, from: item) == document)
        }
    }

    @Test("What transcoding does not know is removed, and what it knows comes back as it was")
    func keepsTranscoding() throws {
        var transcoding = VideoTranscoding(status: .complete, jobId: "j", sequencer: "s")
        var changes = RecordItem.changes(transcoding)
        #expect(changes.set.count == 3)
        #expect(changes.removed.count == 17)
        transcoding.duration = 12.345
        transcoding.width = 1280
        transcoding.sizeIn = .max
        transcoding.ssim = 0.1 + 0.2
        transcoding.errorMessage = ""
        changes = RecordItem.changes(transcoding)
        #expect(changes.set.count == 8)
        #expect(changes.set["sizeIn"] == .number("9223372036854775807"))
        #expect(RecordItem.record(from: changes.set).transcoding == transcoding)
    }

    @Test("Every property of a transcoding is an attribute of the same name")
    func namesAllProperties() {
        let transcoding = VideoTranscoding(status: .error, jobId: "j", sequencer: "s")
        let changes = RecordItem.changes(transcoding)
        let properties = Mirror(reflecting: transcoding).children.compactMap(\.label)
        #expect(Set(changes.set.keys).union(changes.removed) == Set(properties))
    }

    @Test("A record of the site's own, without transcoding or with foreign attributes, is read")
    func readsForeignRecords() {
        let item: Item = [
            "ProjectStep": .string("p-0"), "Mail": .string("m"), "video": .string("v"),
            "status": .string("new"), "width": .string("wide"),
        ]
        #expect(RecordItem.record(from: item) == VideoRecord(projectStep: "p-0", mail: "m", video: "v"))
    }
}
