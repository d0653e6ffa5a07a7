import Foundation
import Jobs
import Testing

@Suite("The documents of a metadata store")
struct DocumentContract {
    private static func document(_ id: String, _ kind: StoredDocument.Kind = .preset, _ text: String = "{}")
        -> StoredDocument
    {
        StoredDocument(kind: kind, id: id, body: Data(text.utf8))
    }

    @Test("A document is read as it was stored", arguments: Candidate.metadataStores)
    func roundTrip(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        let text = #"{"Name":"é€😀","Width":"auto"}"#
        let stored = try await store.insert(Self.document("web", .preset, text))
        #expect(stored.revision == 1)
        #expect(try await store.document(.preset, "web") == stored)
        #expect(String(decoding: stored.body, as: UTF8.self) == text)
        // An id belongs to its kind alone.
        #expect(try await store.document(.pipeline, "web") == nil)
        #expect(try await store.insert(Self.document("web", .pipeline)).revision == 1)
        #expect(try await failure { try await store.insert(Self.document("web")) } == .conflict)
        #expect(try await store.document(.preset, "web") == stored)
    }

    @Test("A change based on an old revision is a conflict", arguments: Candidate.metadataStores)
    func comparesRevisions(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        var first = try await store.insert(Self.document("p", .pipeline))
        let old = first
        first.body = Data(#"{"Status":"Paused"}"#.utf8)
        #expect(try await store.replace(first).revision == 2)
        #expect(try await failure { try await store.replace(old) } == .conflict)
        #expect(try await store.document(.pipeline, "p")?.body == first.body)
    }

    @Test("Deleting twice is no error, and frees the id", arguments: Candidate.metadataStores)
    func deletes(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        let stored = try await store.insert(Self.document("n", .notification))
        _ = try await store.insert(Self.document("n", .preset))
        try await store.deleteDocument(.notification, "n")
        try await store.deleteDocument(.notification, "n")
        #expect(try await store.document(.notification, "n") == nil)
        #expect(try await store.document(.preset, "n") != nil)
        #expect(try await failure { try await store.replace(stored) } != nil)
        #expect(try await store.insert(Self.document("n", .notification)).revision == 1)
    }

    @Test(
        "Documents are listed by their ids' bytes, page by page, both ways",
        arguments: Candidate.metadataStores
    )
    func lists(_ candidate: Candidate<MetadataStoreSubject>) async throws {
        let store = try await candidate.make().store
        let ids = (0..<20).map { "preset-\($0)" } + ["Zebra", "apple", "preset", "é", "1351620000001-100070"]
        for id in ids.shuffled() { _ = try await store.insert(Self.document(id)) }
        _ = try await store.insert(Self.document("beside", .pipeline))
        let expected = ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for isAscending in [true, false] {
            var found: [String] = []
            var after: String?
            repeat {
                let page = try await store.documents(.preset, ascending: isAscending, after: after, limit: 10)
                #expect(page.items.count <= 10)
                found += page.items.map(\.id)
                after = page.next
            } while after != nil && found.count < 100
            #expect(found == (isAscending ? expected : expected.reversed()))
        }
    }
}
