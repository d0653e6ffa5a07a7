import Foundation
import Jobs
import Testing

@Suite("The keys of an object store")
struct ObjectKeyContract {
    static let oddKeys = [
        "a b+c%2B.mp4", "../x.mp4", "é€😀.mp4", "a//b", "folder/", "a/./b", "a/../b", "./start", ".", "..",
        "a%2Fb", "%", "a?b=c&d#e", "~tilde (1)'!*", "\\back\\slash", "<script>&amp;\"", " spaces around ",
        "e\u{301}", "\u{e9}", ".hidden", "trailing.",
    ]
    /// As long as a key may be: 1024 bytes, in one segment and in many.
    static let longKeys = [
        String(repeating: "k", count: 1_024),
        String(repeating: "é/", count: 341) + "x",
    ]

    @Test("Any text is a key, and keeps apart from all others", arguments: Candidate.objectStores)
    func keepsKeysApart(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let keys = (Self.oddKeys + Self.longKeys).filter(subject.allows)
        for key in keys {
            let code = try await failure { try await subject.write("text of \(key)", key) }
            #expect(code == nil, "writing \(key)")
        }
        for key in keys {
            let text = try? await subject.text(key)
            #expect(text == "text of \(key)", "reading \(key)")
        }
        let page = try await subject.store.list(bucket: subject.bucket, prefix: "", after: nil, limit: 1_000)
        let listed = page.items.map(\.key).filter(Set(keys).contains)
        let expected = keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        if subject.deviations.contains(.sortsByFolder) {
            #expect(Set(listed.map { Array($0.utf8) }) == Set(expected))
        } else {
            #expect(listed.map { Array($0.utf8) } == expected)
        }
        for key in keys {
            try await subject.store.delete(subject.location(key))
            let code = try await failure { try await subject.text(key) }
            #expect(code == .notFound, "deleting \(key)")
        }
    }

    @Test("What is no key is refused, and nothing happens to the bucket", arguments: Candidate.objectStores)
    func refusesOtherKeys(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let store = subject.store
        let attributes = ObjectAttributes(contentType: "text/plain")
        for key in ["", String(repeating: "k", count: 1_025)] {
            let location = subject.location(key)
            #expect(try await failure { try await subject.write("x", key) } == .invalid)
            #expect(try await failure { try await store.head(location) } == .invalid)
            #expect(try await failure { try await subject.text(key) } == .invalid)
            #expect(try await failure { try await store.delete(location) } == .invalid)
            #expect(
                try await failure {
                    try await store.startUpload(to: location, attributes: attributes)
                } == .invalid
            )
        }
        #expect(try await store.hasBucket(subject.bucket))
    }

    @Test("A name that leads out of a bucket is none of a bucket", arguments: Candidate.objectStores)
    func refusesOtherBuckets(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let store = try await candidate.make().store
        for bucket in ["", ".", "..", "a/b", "../uploads", "Ümlaut", "a?b"] {
            let location = ObjectLocation(bucket: bucket, key: "clip.mp4")
            let code = try await failure { try await store.head(location) }
            #expect(code == .invalid || code == .notFound, "\(bucket)")
            let isThere = try? await store.hasBucket(bucket)
            #expect(isThere != true, "\(bucket)")
        }
    }

    @Test("Any text is a key of an object written in parts", arguments: Candidate.objectStores)
    func partsUnderOddKeys(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        for key in ["a b+c%2B.mp4", "../y.mp4", "é€😀~(1)'!*.mp4"] where subject.allows(key) {
            let upload = try await subject.store.startUpload(
                to: subject.location(key),
                attributes: ObjectAttributes(contentType: "text/plain")
            )
            try await upload.upload(part: 1, Data("text of \(key)".utf8))
            _ = try await upload.complete(condition: .none)
            #expect(try await subject.text(key) == "text of \(key)")
        }
    }

    @Test("A key and the same key with more below it live side by side", arguments: Candidate.objectStores)
    func keysBelowKeys(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("both")
        _ = try await subject.write("above", key)
        _ = try await subject.write("below", key + "/clip.mp4")
        #expect(try await subject.text(key) == "above")
        #expect(try await subject.text(key + "/clip.mp4") == "below")
        try await subject.store.delete(subject.location(key))
        #expect(try await subject.text(key + "/clip.mp4") == "below")
    }

    @Test("A listing is in the order of the keys' bytes, page by page", arguments: Candidate.objectStores)
    func pages(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let folder = uniqueName("list")
        // Capitals, a hyphen and letters beyond ASCII tell the order of bytes from that of a language.
        let sortsByFolder = subject.deviations.contains(.sortsByFolder)
        let last = sortsByFolder ? ["z/1", "z/2"] : ["z/1", "z-1"]
        let names = (0..<20).map { "clip-\($0)" } + ["Clip", "clip", "é"] + last
        for name in names { _ = try await subject.write(name, "\(folder)/\(name)") }
        _ = try await subject.write("beside", folder + ".mp4")

        var sizes: [Int] = []
        var keys: [String] = []
        var after: String?
        repeat {
            let page = try await subject.store.list(
                bucket: subject.bucket,
                prefix: folder + "/",
                after: after,
                limit: 10
            )
            sizes.append(page.items.count)
            keys += page.items.map(\.key)
            after = page.next
        } while after != nil && sizes.count < 10
        let expected = names.map { "\(folder)/\($0)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(keys == expected)
        #expect(sizes == [10, 10, 5])
    }

    @Test(
        "A listing tells size and ETag, and nothing of what does not exist",
        arguments: Candidate.objectStores
    )
    func lists(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("listed")
        let eTag = try await subject.write("12345", key)
        let page = try await subject.store.list(bucket: subject.bucket, prefix: key, after: nil, limit: 1_000)
        #expect(page.items.map(\.key) == [key])
        #expect(page.items.first?.byteCount == 5)
        #expect(page.items.first?.eTag == eTag)
        #expect(page.next == nil)
        let none = try await subject.store.list(
            bucket: subject.bucket,
            prefix: uniqueName("none"),
            after: nil,
            limit: 10
        )
        #expect(none.items.isEmpty && none.next == nil)
    }

    @Test("A full last page is the last page", arguments: Candidate.objectStores)
    func fullLastPage(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let folder = uniqueName("full")
        for name in ["1", "2"] { _ = try await subject.write(name, "\(folder)/\(name)") }
        let page = try await subject.store.list(bucket: subject.bucket, prefix: folder, after: nil, limit: 2)
        #expect(page.items.count == 2)
        if let next = page.next {
            let rest = try await subject.store.list(
                bucket: subject.bucket,
                prefix: folder,
                after: next,
                limit: 2
            )
            #expect(rest.items.isEmpty && rest.next == nil)
        }
    }
}
