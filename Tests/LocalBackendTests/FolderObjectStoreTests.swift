import Foundation
import Jobs
import LocalBackend
import TestMedia
import Testing

@Suite("Buckets as folders")
struct FolderObjectStoreTests {
    @Test("What is written is read back, and lies where a person finds it")
    func writesFiles() async throws {
        let fixture = try await StoreFixture()
        let eTag = try await fixture.put("output/web/a b+c%2B.mp4", "hello")
        #expect(try fixture.files() == ["output/web/a b+c%2B.mp4"])
        #expect(try await fixture.text("output/web/a b+c%2B.mp4") == "hello")
        let info = try await fixture.store.head(fixture.location("output/web/a b+c%2B.mp4"))
        #expect(info.eTag == eTag && info.byteCount == 5 && info.contentType == "text/plain")
        #expect(fixture.leftovers().isEmpty)
    }

    @Test("A file put there by hand is an object without attributes")
    func seesForeignFiles() async throws {
        let fixture = try await StoreFixture()
        try Data("by hand".utf8).write(to: fixture.bucket.appendingPathComponent("é€😀.mp4"))
        let info = try await fixture.store.head(fixture.location("é€😀.mp4"))
        #expect(info.contentType == "application/octet-stream" && info.metadata.isEmpty)
        #expect(try await fixture.keys() == ["é€😀.mp4"])
    }

    @Test(
        "No key leads out of its bucket",
        arguments: [
            "../x.mp4", "../../x.mp4", "a/../../x", "/etc/x", "..", ".", "//", "a//b", "a/", "\0", "a\0b",
            String(repeating: "../", count: 300) + "x", String(repeating: "é", count: 512),
            String(repeating: "a/", count: 511) + "b", String(repeating: "\u{1}", count: 1024),
        ]
    )
    func staysInside(key: String) async throws {
        let fixture = try await StoreFixture()
        try await fixture.put(key, "x")
        #expect(try await fixture.text(key) == "x")
        #expect(try await fixture.keys().map { Array($0.utf8) } == [Array(key.utf8)])
        #expect(contents(of: fixture.data.url) == ["buckets", "locks", "uploads"])
        #expect(contents(of: fixture.data.buckets) == ["media"])
        try await fixture.store.delete(fixture.location(key))
        #expect(try await fixture.keys().isEmpty)
    }

    @Test("A symbolic link is neither followed nor listed, whether it is a file or a folder on the way")
    func followsNoLinks() async throws {
        let fixture = try await StoreFixture()
        let outside = try fixture.workspace.subfolder("outside")
        try Data("secret".utf8).write(to: outside.appendingPathComponent("secret"))
        let manager = FileManager.default
        try manager.createSymbolicLink(
            at: fixture.bucket.appendingPathComponent("link"),
            withDestinationURL: outside.appendingPathComponent("secret")
        )
        try manager.createSymbolicLink(
            at: fixture.bucket.appendingPathComponent("folder"),
            withDestinationURL: outside
        )
        try manager.createSymbolicLink(
            at: fixture.data.buckets.appendingPathComponent("linked"),
            withDestinationURL: outside
        )
        #expect(await code { _ = try await fixture.text("link") } == .notFound)
        #expect(await code { _ = try await fixture.text("folder/secret") } == .notFound)
        #expect(await code { try await fixture.put("folder/new", "x") } == .denied)
        #expect(try await fixture.keys().isEmpty)
        #expect(try await !fixture.store.hasBucket("linked"))
        #expect(contents(of: outside) == ["secret"])
        // A write replaces the link itself.
        try await fixture.put("link", "x")
        #expect(try String(contentsOf: outside.appendingPathComponent("secret"), encoding: .utf8) == "secret")
    }

    @Test("A key may be the beginning of others, whichever comes first", arguments: [true, false])
    func fileAndFolder(fileFirst: Bool) async throws {
        let fixture = try await StoreFixture()
        for key in fileFirst ? ["a", "a/b", "a/b/c"] : ["a/b/c", "a/b", "a"] {
            try await fixture.put(key, key)
        }
        #expect(try await fixture.keys() == ["a", "a/b", "a/b/c"])
        for key in ["a", "a/b", "a/b/c"] { #expect(try await fixture.text(key) == key) }
        try await fixture.put("a", "again")
        #expect(try await fixture.text("a") == "again")
        try await fixture.store.delete(fixture.location("a"))
        #expect(try await fixture.keys() == ["a/b", "a/b/c"])
        try await fixture.store.delete(fixture.location("a/b/c"))
        try await fixture.put("a/b", "plain again")
        #expect(try fixture.files() == ["a/b"])
    }

    @Test("An ETag changes with the bytes, however fast they change, and only then")
    func changesETags() async throws {
        let fixture = try await StoreFixture()
        var eTags: Set<String> = []
        for number in 0..<50 { eTags.insert(try await fixture.put("a", String(number % 10))) }
        #expect(eTags.count == 50)
        let before = try await fixture.store.head(fixture.location("a")).eTag
        let other = FolderObjectStore(fixture.data)
        #expect(try await other.head(fixture.location("a")).eTag == before)
        try Data("by hand".utf8).write(to: fixture.bucket.appendingPathComponent("a"))
        #expect(try await other.head(fixture.location("a")).eTag != before)
    }

    @Test(
        "Attributes come back, but not with a file that somebody put in their place",
        arguments: [true, false]
    )
    func keepsAttributes(usesExtendedAttributes: Bool) async throws {
        let fixture = try await StoreFixture(usesExtendedAttributes: usesExtendedAttributes)
        let attributes = ObjectAttributes(
            contentType: "video/mp4",
            metadata: ["recast-job": "1-a", "x": "y=\"z\""]
        )
        let location = fixture.location("clip.mp4")
        let file = fixture.bucket.appendingPathComponent("clip.mp4")
        func write() async throws {
            try await fixture.store.write(Data([1]), to: location, attributes: attributes, condition: .none)
            let info = try await fixture.store.head(location)
            #expect(info.contentType == "video/mp4" && info.metadata == attributes.metadata)
        }
        try await write()
        #expect(contents(of: fixture.data.attributes).isEmpty == usesExtendedAttributes)
        #expect(try await fixture.keys() == ["clip.mp4"])
        // Written over in place: the same inode, and with it the same extended attributes.
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: Data([2]))
        try handle.close()
        #expect(try await fixture.store.head(location).metadata.isEmpty)
        try await write()
        try Data([3]).write(to: file, options: .atomic)
        #expect(try await fixture.store.head(location).contentType == "application/octet-stream")
        try await write()
        try await fixture.store.delete(location)
        if !usesExtendedAttributes { #expect(contents(of: fixture.data.attributes).count <= 2) }
    }

    @Test("Conditions hold: absent, and the ETag that is there")
    func checksConditions() async throws {
        let fixture = try await StoreFixture()
        #expect(await code { try await fixture.put("a", "1", .matches(eTag: "x")) } == .conflict)
        let first = try await fixture.put("a", "1", .absent)
        #expect(await code { try await fixture.put("a", "2", .absent) } == .conflict)
        let second = try await fixture.put("a", "2", .matches(eTag: first))
        #expect(await code { try await fixture.put("a", "3", .matches(eTag: first)) } == .conflict)
        #expect(try await fixture.text("a") == "2")
        #expect(try await fixture.store.head(fixture.location("a")).eTag == second)
        #expect(fixture.leftovers().isEmpty)
    }

    @Test("Of many writers under one condition exactly one wins")
    func hasOneWinner() async throws {
        let fixture = try await StoreFixture()
        let seen = try await fixture.put("changed", "before")
        for (key, condition) in [("new", WriteCondition.absent), ("changed", .matches(eTag: seen))] {
            let winners = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    // Stores of their own share nothing but the folder, as processes do.
                    let store = FolderObjectStore(fixture.data)
                    group.addTask {
                        await code {
                            try await store.write(
                                Data("\(number)".utf8),
                                to: fixture.location(key),
                                attributes: ObjectAttributes(contentType: "text/plain"),
                                condition: condition
                            )
                        } == nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        }
    }

    @Test("Reading cuts the range to the object, and notices a change")
    func readsRanges() async throws {
        let fixture = try await StoreFixture()
        let eTag = try await fixture.put("a", "0123456789")
        func read(_ range: Range<Int64>, _ eTag: String? = nil) async throws -> String {
            let data = try await fixture.store.read(fixture.location("a"), range: range, eTag: eTag)
            return String(decoding: data, as: UTF8.self)
        }
        #expect(try await read(2..<5, eTag) == "234")
        #expect(try await read(8..<Int64.max) == "89")
        #expect(try await read(10..<20).isEmpty)
        #expect(try await read(3..<3).isEmpty)
        #expect(await code { _ = try await read(-1..<3) } == .invalid)
        try await fixture.put("a", "abcdefghij")
        #expect(await code { _ = try await read(2..<5, eTag) } == .conflict)
    }

    @Test("A listing is in the order of the keys' bytes, in pages")
    func listsInOrder() async throws {
        let fixture = try await StoreFixture()
        let keys = [
            "a", "a-b", "a.mp4", "a/b", "a/b/c", "a/b0", "a0", "b//c", "b/c", "é", "e\u{301}", "😀",
            "\u{FFFD}",
            "z/" + String(repeating: "q", count: 600), "z/" + String(repeating: "q", count: 600) + "/r",
            "z%=",
        ]
        for key in keys.shuffled() { try await fixture.put(key, "x") }
        let expected = keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(try await fixture.keys().map { Array($0.utf8) } == expected)
        for limit in 1...4 {
            var found: [[UInt8]] = []
            var after: String?
            repeat {
                let page = try await fixture.store.list(
                    bucket: "media",
                    prefix: "",
                    after: after,
                    limit: limit
                )
                #expect(page.items.count <= limit)
                found += page.items.map { Array($0.key.utf8) }
                after = page.next
            } while after != nil
            #expect(found == expected)
        }
        #expect(try await fixture.keys(prefix: "a/") == ["a/b", "a/b/c", "a/b0"])
        #expect(try await fixture.keys(prefix: "a", after: "a/b") == ["a/b/c", "a/b0", "a0"])
        #expect(try await fixture.keys(prefix: "nothing").isEmpty)
        #expect(try await fixture.keys(after: "a/", limit: 1) == ["a/b"])
    }

    @Test("Buckets that are missing are not found, and names that no bucket can have are invalid")
    func checksBuckets() async throws {
        let fixture = try await StoreFixture()
        let store = fixture.store
        #expect(try await !store.hasBucket("absent"))
        for (bucket, expected) in [
            ("absent", BackendError.Code.notFound), ("../x", .invalid), ("A", .invalid),
        ] {
            let location = ObjectLocation(bucket: bucket, key: "a")
            let attributes = ObjectAttributes(contentType: "text/plain")
            #expect(await code { _ = try await store.head(location) } == expected)
            #expect(await code { try await store.delete(location) } == expected)
            #expect(
                await code {
                    try await store.write(Data(), to: location, attributes: attributes, condition: .none)
                } == expected
            )
            #expect(
                await code { _ = try await store.startUpload(to: location, attributes: attributes) }
                    == expected
            )
            #expect(
                await code { _ = try await store.list(bucket: bucket, prefix: "", after: nil, limit: 1) }
                    == expected
            )
        }
        for key in ["", String(repeating: "a", count: 1025)] {
            #expect(await code { try await fixture.put(key, "x") } == .invalid)
        }
    }
}
