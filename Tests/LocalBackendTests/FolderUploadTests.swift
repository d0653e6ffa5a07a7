import Foundation
import Jobs
import LocalBackend
import TestMedia
import Testing

@Suite("Objects written in parts")
struct FolderUploadTests {
    private static let attributes = ObjectAttributes(contentType: "video/mp4", metadata: ["recast-job": "1"])

    private func upload(_ fixture: StoreFixture, _ key: String = "a") async throws -> any ObjectUpload {
        try await fixture.store.startUpload(to: fixture.location(key), attributes: Self.attributes)
    }

    @Test("Parts are joined by their numbers, whatever the order in which they come")
    func joinsParts() async throws {
        let fixture = try await StoreFixture()
        let upload = try await upload(fixture)
        try await withThrowingTaskGroup { group in
            for number in (1...12).reversed() {
                group.addTask { try await upload.upload(part: number, Data("<\(number)>".utf8)) }
            }
            try await group.waitForAll()
        }
        try await upload.upload(part: 3, Data("<three>".utf8))
        #expect(try await fixture.keys().isEmpty)
        let eTag = try await upload.complete(condition: .absent)
        #expect(try await fixture.text("a") == "<1><2><three><4><5><6><7><8><9><10><11><12>")
        let info = try await fixture.store.head(fixture.location("a"))
        #expect(info.eTag == eTag && info.contentType == "video/mp4" && info.metadata == ["recast-job": "1"])
        #expect(fixture.leftovers().isEmpty)
        #expect(await code { _ = try await upload.complete(condition: .none) } == .notFound)
        #expect(await code { try await upload.upload(part: 1, Data()) } == .notFound)
    }

    @Test("After a conflict the upload is still there")
    func survivesConflict() async throws {
        let fixture = try await StoreFixture()
        let upload = try await upload(fixture)
        try await upload.upload(part: 1, Data("new".utf8))
        let old = try await fixture.put("a", "old")
        #expect(await code { _ = try await upload.complete(condition: .absent) } == .conflict)
        #expect(try await fixture.text("a") == "old")
        _ = try await upload.complete(condition: .matches(eTag: old))
        #expect(try await fixture.text("a") == "new")
        #expect(fixture.leftovers().isEmpty)
    }

    @Test("Aborting leaves nothing, and may be done twice")
    func aborts() async throws {
        let fixture = try await StoreFixture()
        let upload = try await upload(fixture)
        try await upload.upload(part: 1, Data(count: 1000))
        try await upload.abort()
        try await upload.abort()
        #expect(fixture.leftovers().isEmpty)
        #expect(try await fixture.keys().isEmpty)
    }

    @Test("What a dead attempt left of one object is removed, and nothing else")
    func removesUploadsOfOneObject() async throws {
        let fixture = try await StoreFixture()
        _ = try await upload(fixture)
        _ = try await upload(fixture)
        let other = try await upload(fixture, "b")
        try await other.upload(part: 1, Data("b".utf8))
        #expect(try await fixture.store.abortUploads(of: fixture.location("a")) == 2)
        #expect(try await fixture.store.abortUploads(of: fixture.location("a")) == 0)
        _ = try await other.complete(condition: .none)
        #expect(try await fixture.text("b") == "b")
    }

    @Test("Wrong parts are refused: none at all, a number out of range, too small before the last")
    func refusesWrongParts() async throws {
        let fixture = try await StoreFixture()
        let strict = FolderObjectStore(fixture.data, minimumPartSize: 10)
        let upload = try await strict.startUpload(to: fixture.location("a"), attributes: Self.attributes)
        #expect(await code { _ = try await upload.complete(condition: .none) } == .invalid)
        for number in [0, 10_001, .max, .min] {
            #expect(await code { try await upload.upload(part: number, Data()) } == .invalid)
        }
        try await upload.upload(part: 1, Data(count: 9))
        try await upload.upload(part: 2, Data(count: 9))
        #expect(await code { _ = try await upload.complete(condition: .none) } == .invalid)
        try await upload.upload(part: 1, Data(count: 10))
        _ = try await upload.complete(condition: .none)
        #expect(try await strict.head(fixture.location("a")).byteCount == 19)
    }

    @Test("What a killed process left is removed at the next start, and what a living one writes is not")
    func removesAbandoned() async throws {
        let fixture = try await StoreFixture()
        let living = try await upload(fixture, "living")
        try await living.upload(part: 1, Data("alive".utf8))
        // The locks that a writing process holds are what tells the living from the dead.
        let script = """
            import fcntl, os, sys, time
            uploads = sys.argv[1]
            held = open(uploads + "/write-held", "w"); fcntl.flock(held, fcntl.LOCK_EX); held.write("half")
            os.mkdir(uploads + "/upload-held")
            plan = open(uploads + "/upload-held/plan.json", "w"); fcntl.flock(plan, fcntl.LOCK_EX)
            open(uploads + "/upload-held/part-1", "w").write("half")
            print("ready", flush=True); time.sleep(60)
            """
        let other = try Tool("python3").start(["-c", script, fixture.data.uploads.path])
        #expect(other.wait(limit: 20) { other.outputByteCount > 0 })
        try await fixture.store.removeAbandoned()
        #expect(fixture.leftovers().count == 3)
        // Kills it: there is nothing it could do about that.
        _ = try other.finish(limit: 0)
        try await fixture.store.removeAbandoned()
        #expect(fixture.leftovers().count == 1)
        _ = try await living.complete(condition: .none)
        #expect(try await fixture.keys() == ["living"])
        #expect(fixture.leftovers().isEmpty)
    }
}
