import Foundation
import Jobs
import Testing

@Suite("The video records of a metadata store")
struct VideoRecordContract {
    private static func record(
        _ mail: String,
        sequencer: String? = "01",
        status: JobStatus = .complete
    ) -> VideoRecord {
        var record = VideoRecord(projectStep: "Alba-0", mail: mail, video: "Alba/0/\(mail).webm")
        record.transcoding = sequencer.map {
            VideoTranscoding(status: status, jobId: "1700000000000-abcdef", sequencer: Sequencer.padded($0))
        }
        return record
    }

    @Test("A record is read as it was written, every attribute of it", arguments: Candidate.metadataStores)
    func roundTrip(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        var record = Self.record("josé@exämple.com")
        record.transcoding?.outputBucket = "videos"
        record.transcoding?.outputKey = "output/web/é.mp4"
        record.transcoding?.sizeIn = 9_007_199_254_740_993
        record.transcoding?.sizeOut = 0
        record.transcoding?.duration = 12.345
        record.transcoding?.width = 640
        record.transcoding?.height = 360
        record.transcoding?.videoCodec = "h264"
        record.transcoding?.audioBitsPerSecond = 128_000
        record.transcoding?.ssim = 0.987_654_321
        record.transcoding?.submittedAt = 1_700_000_000_123
        record.transcoding?.errorMessage = "\"quoted\""
        #expect(try await store.write(record))
        #expect(try await store.record(projectStep: "Alba-0", mail: record.mail) == record)
        #expect(try await store.record(projectStep: "Alba-1", mail: record.mail) == nil)
    }

    @Test("An older version never overwrites a newer one", arguments: Candidate.metadataStores)
    func ordersVersions(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        #expect(try await store.write(Self.record("a", sequencer: "02", status: .progressing)))
        #expect(try await store.write(Self.record("a", sequencer: "0199FF", status: .error)) == false)
        #expect(try await store.record(projectStep: "Alba-0", mail: "a")?.transcoding?.status == .progressing)
        // The same version again, as when its job goes on.
        #expect(try await store.write(Self.record("a", sequencer: "02")))
        #expect(try await store.record(projectStep: "Alba-0", mail: "a")?.transcoding?.status == .complete)
        #expect(try await store.write(Self.record("a", sequencer: "0201", status: .submitted)))
        #expect(try await store.record(projectStep: "Alba-0", mail: "a")?.transcoding?.status == .submitted)
    }

    private static let atomicStores = Candidate.metadataStores.filter(\.isAtomic)

    @Test("Of eight versions written at once the newest stays", arguments: atomicStores)
    func keepsNewest(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in (1...8).shuffled() {
                group.addTask { _ = try await store.write(Self.record("a", sequencer: "0\(number)")) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.record(projectStep: "Alba-0", mail: "a") == Self.record("a", sequencer: "08"))
    }

    @Test("An attribute that is nil is removed", arguments: Candidate.metadataStores)
    func removesAttributes(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        var record = Self.record("a", sequencer: "01", status: .error)
        record.transcoding?.errorCode = "input.damaged"
        record.transcoding?.width = 640
        #expect(try await store.write(record))
        let better = Self.record("a", sequencer: "02")
        #expect(try await store.write(better))
        #expect(try await store.record(projectStep: "Alba-0", mail: "a") == better)
    }

    @Test("What others wrote into a record stays", arguments: Candidate.metadataStores)
    func keepsForeignAttributes(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let subject = try await candidate.make()
        let announced = Self.record("a", sequencer: nil)
        let foreign = ["Nickname": "é€😀", "size": "reserved word", "path.with-signs": "x"]
        try await subject.putForeign(announced, foreign)
        #expect(try await subject.store.record(projectStep: "Alba-0", mail: "a") == announced)
        let transcoded = Self.record("a")
        #expect(try await subject.store.write(transcoded))
        #expect(try await subject.store.record(projectStep: "Alba-0", mail: "a") == transcoded)
        let kept = try await subject.foreignAttributes("Alba-0", "a")
        #expect(kept.filter { foreign.keys.contains($0.key) } == foreign)
    }

    @Test(
        "An announced upload has a record, and one that was transcoded before stays so",
        arguments: Candidate.metadataStores
    )
    func announces(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let subject = try await candidate.make()
        let store = subject.store
        let new = Self.record("new", sequencer: nil)
        try await store.announce(new)
        #expect(try await store.record(projectStep: "Alba-0", mail: "new") == new)
        var known = Self.record("known", sequencer: "02")
        known.transcoding?.sizeOut = 5
        #expect(try await store.write(known))
        var again = known
        again.video = "Alba/0/another.webm"
        again.transcoding = nil
        try await store.announce(again)
        again.transcoding = known.transcoding
        #expect(try await store.record(projectStep: "Alba-0", mail: "known") == again)
        #expect(try await store.record(projectStep: "Alba-0", video: "Alba/0/another.webm") == again)
        try await subject.putForeign(Self.record("foreign", sequencer: nil), ["Nickname": "Al"])
        try await store.announce(Self.record("foreign", sequencer: nil))
        #expect(try await subject.foreignAttributes("Alba-0", "foreign")["Nickname"] == "Al")
    }

    @Test("An announcement changes the order of versions in no way", arguments: Candidate.metadataStores)
    func announcesWithoutVersion(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        #expect(try await store.write(Self.record("a", sequencer: "02")))
        try await store.announce(Self.record("a", sequencer: nil))
        #expect(try await store.write(Self.record("a", sequencer: "01")) == false)
        #expect(try await store.write(Self.record("a", sequencer: nil)) == false)
        #expect(try await store.record(projectStep: "Alba-0", mail: "a") == Self.record("a", sequencer: "02"))
    }

    @Test(
        "The records of one mail are listed page by page, and nobody else's",
        arguments: Candidate.metadataStores
    )
    func listsByMail(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        for number in 0..<12 {
            for mail in ["a", "A", "a b"] {
                let record = VideoRecord(projectStep: "P-\(number)", mail: mail, video: "P/\(number)/\(mail)")
                try await store.announce(record)
            }
        }
        for limit in [5, 12, 100] {
            var found: [String] = []
            var after: String?
            repeat {
                let page = try await store.records(mail: "a", after: after, limit: limit)
                #expect(page.items.count <= limit)
                found += page.items.map(\.video)
                after = page.next
            } while after != nil && found.count < 50
            #expect(found.sorted() == (0..<12).map { "P/\($0)/a" }.sorted())
        }
        #expect(try await store.records(mail: "nobody", after: nil, limit: 10).items.isEmpty)
    }

    @Test("A record is found by its video among many", arguments: Candidate.metadataStores)
    func findsByVideo(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        for number in 0..<60 { #expect(try await store.write(Self.record("mail \(number)"))) }
        for number in [0, 31, 59] {
            let found = try await store.record(projectStep: "Alba-0", video: "Alba/0/mail \(number).webm")
            #expect(found == Self.record("mail \(number)"))
        }
        #expect(try await store.record(projectStep: "Alba-0", video: "Alba/0/none.webm") == nil)
        #expect(try await store.record(projectStep: "Alba-1", video: "Alba/0/mail 1.webm") == nil)
    }

    @Test(
        "All records are listed once, page by page, in the same order each time",
        arguments: Candidate.metadataStores
    )
    func lists(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let subject = try await candidate.make()
        for number in 0..<24 { _ = try await subject.store.write(Self.record("mail \(number)")) }
        try await subject.putForeign(Self.record("announced", sequencer: nil), [:])
        var listings: [[VideoRecord]] = []
        for limit in [10, 7] {
            var records: [VideoRecord] = []
            var after: String?
            repeat {
                let page = try await subject.store.records(after: after, limit: limit)
                #expect(page.items.count <= limit)
                records += page.items
                after = page.next
            } while after != nil && records.count < 100
            listings.append(records)
        }
        #expect(listings[0] == listings[1])
        let mails = (0..<24).map { "mail \($0)" } + ["announced"]
        #expect(listings[0].map(\.mail).sorted() == mails.sorted())
    }
}
