internal import Foundation
package import Jobs

extension DynamoDBMetadataStore {
    package func insert(_ document: StoredDocument) async throws(BackendError) -> StoredDocument {
        var document = document
        document.revision = 1
        let stamp = Self.newStamp()
        let put = absentPut(try JobItem.item(for: document, stamp: stamp))
        if try await client.put(put) { return document }
        guard try await isStored(JobItem.documentKey(document.kind, document.id), stamp) else {
            throw BackendError(.conflict, "there is a \(Self.name(document)) already")
        }
        return document
    }

    package func document(
        _ kind: StoredDocument.Kind,
        _ id: String
    ) async throws(BackendError) -> StoredDocument? {
        guard JobItem.isKey(id),
            let item = try await client.get(JobItem.documentKey(kind, id), table: table)
        else { return nil }
        return try JobItem.document(kind, from: item)
    }

    package func replace(_ document: StoredDocument) async throws(BackendError) -> StoredDocument {
        var next = document
        next.revision = try Self.revision(after: document.revision, Self.name(document))
        let stamp = Self.newStamp()
        let item = try JobItem.item(for: next, stamp: stamp)
        let key = JobItem.documentKey(document.kind, document.id)
        try await replace(item, key, document.revision, stamp, Self.name(document))
        return next
    }

    package func deleteDocument(
        _ kind: StoredDocument.Kind,
        _ id: String
    ) async throws(BackendError) {
        guard JobItem.isKey(id) else { return }
        try await client.delete(JobItem.documentKey(kind, id), table: table)
    }

    package func documents(
        _ kind: StoredDocument.Kind,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<StoredDocument> {
        var request = DynamoDBRequest(table: table)
        request.isConsistent = true
        let (items, hasMore) = try await list(
            request,
            (JobItem.partition, kind.rawValue),
            ascending: ascending,
            after: after,
            limit: min(max(limit, 1), 100)
        )
        var documents: [StoredDocument] = []
        for item in items { documents.append(try JobItem.document(kind, from: item)) }
        return Page(items: documents, next: hasMore ? documents.last?.id : nil)
    }

    // MARK: What jobs and documents share

    static func newStamp() -> String { UUID().uuidString }

    /// The first `limit` items of a partition beyond the sort key `after`.
    ///
    /// A page's token is the sort key of its last item: a place that stays right when that item is gone.
    func list(
        _ request: DynamoDBRequest,
        _ partition: (attribute: String, value: String),
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> (items: [Item], hasMore: Bool) {
        var request = request
        request.isAscending = ascending
        var condition = "\(request.name(partition.attribute)) = \(request.value(.string(partition.value)))"
        if let after, !after.isEmpty {
            guard JobItem.isKey(after) else { throw BackendError(.invalid, "the page token is not one") }
            let comparison = ascending ? ">" : "<"
            condition += " AND \(request.name(JobItem.sort)) \(comparison) \(request.value(.string(after)))"
        }
        request.keyCondition = condition
        return try await client.query(request, count: limit)
    }

    /// A put that happens only where nothing is.
    func absentPut(_ item: Item) -> DynamoDBRequest {
        var put = DynamoDBRequest(table: table)
        put.item = item
        put.condition = "attribute_not_exists(\(put.name(JobItem.partition)))"
        return put
    }

    /// Stores `item` if what is stored has this revision.
    func replace(
        _ item: Item,
        _ key: Item,
        _ revision: Int,
        _ stamp: String,
        _ name: String
    ) async throws(BackendError) {
        var put = DynamoDBRequest(table: table)
        put.item = item
        put.condition = "\(put.name(JobItem.revision)) = \(put.value(.number(revision)))"
        if try await client.put(put) { return }
        guard try await isStored(key, stamp) else {
            throw BackendError(.conflict, "\(name) was changed by somebody else, or is not there")
        }
    }

    /// Whether the item stored is the one that was written with this stamp.
    func isStored(_ key: Item, _ stamp: String) async throws(BackendError) -> Bool {
        try await client.get(key, table: table)?[JobItem.stamp]?.text == stamp
    }

    static func revision(after revision: Int, _ name: String) throws(BackendError) -> Int {
        let (next, overflows) = revision.addingReportingOverflow(1)
        guard !overflows else { throw BackendError(.invalid, "the revision of \(name) is out of range") }
        return next
    }

    private static func name(_ document: StoredDocument) -> String {
        "\(document.kind.rawValue) \(document.id)"
    }
}
