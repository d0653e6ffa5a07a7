internal import Foundation
package import Jobs

extension DynamoDBMetadataStore {
    package func record(
        projectStep: String,
        mail: String
    ) async throws(BackendError) -> VideoRecord? {
        guard Self.isKey(projectStep, mail) else { return nil }
        let key = RecordItem.key(projectStep: projectStep, mail: mail)
        return try await client.get(key, table: responses).map(RecordItem.record)
    }

    package func record(
        projectStep: String,
        video key: String
    ) async throws(BackendError) -> VideoRecord? {
        guard Self.isKey(projectStep, "-") else { return nil }
        var request = DynamoDBRequest(table: responses)
        request.isConsistent = true
        request.keyCondition =
            "\(request.name(RecordItem.projectStep)) = \(request.value(.string(projectStep)))"
        request.filter = "\(request.name(RecordItem.video)) = \(request.value(.string(key)))"
        return try await client.first(request).map(RecordItem.record)
    }

    /// A record without transcoding is written only where there is no transcoding yet.
    package func write(_ record: VideoRecord) async throws(BackendError) -> Bool {
        guard Self.isKey(record.projectStep, record.mail) else {
            throw BackendError(.invalid, "a record's keys are missing or too long for a table")
        }
        var request = DynamoDBRequest(table: responses)
        request.key = RecordItem.key(projectStep: record.projectStep, mail: record.mail)
        let sequencer = request.name(RecordItem.sequencer)
        request.condition = "attribute_not_exists(\(sequencer))"
        var set: Item = [RecordItem.video: .string(record.video)]
        var removed: [String] = []
        if let transcoding = record.transcoding {
            let changes = RecordItem.changes(transcoding)
            set.merge(changes.set) { _, new in new }
            removed = changes.removed
            let limit = request.value(.string(transcoding.sequencer))
            request.condition? += " OR \(sequencer) <= \(limit)"
        }
        request.update = Self.update(&request, set: set, removed: removed)
        return try await client.update(request)
    }

    package func announce(_ record: VideoRecord) async throws(BackendError) {
        guard Self.isKey(record.projectStep, record.mail) else {
            throw BackendError(.invalid, "a record's keys are missing or too long for a table")
        }
        var request = DynamoDBRequest(table: responses)
        request.key = RecordItem.key(projectStep: record.projectStep, mail: record.mail)
        request.update = Self.update(&request, set: [RecordItem.video: .string(record.video)], removed: [])
        _ = try await client.update(request)
    }

    /// Asks the index for them where there is one, and reads the table through where there is none.
    package func records(
        mail: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        guard JobItem.isKey(mail) else { return Page(items: [], next: nil) }
        var request = DynamoDBRequest(table: responses)
        if let after, !after.isEmpty { request.start = try Self.place(after) }
        let count = min(max(limit, 1), 100)
        if mailIndex.isWorthATry {
            do throws(BackendError) {
                return try await indexedRecords(mail, request, count)
            } catch {
                // No such index, or no permission to use it.
                guard [.invalid, .denied, .notFound].contains(error.code) else { throw error }
                mailIndex.wasMissing()
            }
        }
        request.filter = "\(request.name(RecordItem.mail)) = \(request.value(.string(mail)))"
        let (items, hasMore) = try await client.scanThrough(request, count: count)
        return Self.page(items, items.last, hasMore)
    }

    /// Whether the index by mail was there, as far as anybody has asked.
    package var usesMailIndex: Bool { mailIndex.isWorthATry }

    /// The index holds keys, and trails the table by moments; the records are read from the table.
    private func indexedRecords(
        _ mail: String,
        _ request: DynamoDBRequest,
        _ count: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        var request = request
        request.index = MailIndex.name
        request.keyCondition = "\(request.name(RecordItem.mail)) = \(request.value(.string(mail)))"
        let (entries, hasMore) = try await client.query(request, count: count)
        let keys = entries.map(RecordItem.record(from:)).map { record in
            RecordItem.key(projectStep: record.projectStep, mail: record.mail)
        }
        let found = try await client.batchGet(keys, table: responses)
        let items = keys.compactMap { key in
            found.first { $0[RecordItem.projectStep] == key[RecordItem.projectStep] }
        }
        return Self.page(items, entries.last, hasMore)
    }

    private static func page(_ items: [Item], _ last: Item?, _ hasMore: Bool) -> Page<VideoRecord> {
        Page(
            items: items.map(RecordItem.record(from:)),
            next: hasMore ? last.map { token(RecordItem.record(from: $0)) } : nil
        )
    }

    package func records(
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        var request = DynamoDBRequest(table: responses)
        if let after, !after.isEmpty { request.start = try Self.place(after) }
        let (items, hasMore) = try await client.scan(request, count: min(max(limit, 1), 100))
        let records = items.map(RecordItem.record)
        return Page(items: records, next: hasMore ? records.last.map(Self.token) : nil)
    }

    private static func update(
        _ request: inout DynamoDBRequest,
        set: Item,
        removed: [String]
    ) -> String {
        var assignments: [String] = []
        for (name, value) in set.sorted(by: { $0.key < $1.key }) {
            assignments.append("\(request.name(name)) = \(request.value(value))")
        }
        let update = "SET " + assignments.joined(separator: ", ")
        guard !removed.isEmpty else { return update }
        var names: [String] = []
        for name in removed { names.append(request.name(name)) }
        return update + " REMOVE " + names.joined(separator: ", ")
    }

    private static func isKey(_ projectStep: String, _ mail: String) -> Bool {
        (1...2048).contains(projectStep.utf8.count) && JobItem.isKey(mail)
    }

    /// A scan goes on after the keys of the last record.
    private static func token(_ record: VideoRecord) -> String {
        let keys = [record.projectStep, record.mail]
        return ((try? JSONEncoder().encode(keys)) ?? Data()).base64EncodedString()
    }

    private static func place(_ token: String) throws(BackendError) -> Item {
        guard let data = Data(base64Encoded: token),
            let keys = try? JSONDecoder().decode([String].self, from: data),
            keys.count == 2, isKey(keys[0], keys[1])
        else { throw BackendError(.invalid, "the page token is not one") }
        return RecordItem.key(projectStep: keys[0], mail: keys[1])
    }
}
