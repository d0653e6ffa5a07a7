internal import Foundation
package import Jobs

/// Jobs, documents and records in dictionaries.
package actor InMemoryMetadataStore: MetadataStore {
    private struct RecordKey: Hashable {
        let projectStep: String
        let mail: String

        /// The order of listings: that of the two keys' bytes.
        var sortKey: String { projectStep + "\u{0}" + mail }
    }

    private struct StoredRecord {
        var record: VideoRecord
        /// What somebody else has written.
        var foreign: [String: String] = [:]
    }

    private struct DocumentKey: Hashable {
        let kind: StoredDocument.Kind
        let id: String
    }

    private var jobs: [String: Job] = [:]
    private var documents: [DocumentKey: StoredDocument] = [:]
    private var records: [RecordKey: StoredRecord] = [:]

    package init() {}

    package func insert(_ job: Job) throws(BackendError) -> Job {
        if let identity = job.identity, let found = jobs.values.first(where: { $0.identity == identity }) {
            return found
        }
        guard jobs[job.id] == nil else { throw BackendError(.conflict, "the job id \(job.id) is taken") }
        var stored = job
        stored.revision = 1
        jobs[job.id] = stored
        return stored
    }

    package func job(_ id: String) -> Job? { jobs[id] }

    package func replace(_ job: Job) throws(BackendError) -> Job {
        guard jobs[job.id]?.revision == job.revision else {
            throw BackendError(.conflict, "job \(job.id) has changed")
        }
        var stored = job
        stored.revision += 1
        jobs[job.id] = stored
        return stored
    }

    package func jobs(
        _ filter: JobFilter,
        ascending: Bool,
        after: String?,
        limit: Int
    ) throws(BackendError) -> Page<Job> {
        let found = jobs.values.filter { job in
            switch filter {
            case .all: true
            case .pipeline(let id): job.pipelineID == id
            case .status(let status): job.status == status
            }
        }
        return page(Array(found), key: \.id, ascending: ascending, after: after, limit: limit)
    }

    package func insert(_ document: StoredDocument) throws(BackendError) -> StoredDocument {
        let key = DocumentKey(kind: document.kind, id: document.id)
        guard documents[key] == nil else { throw BackendError(.conflict, "\(document.id) is there already") }
        var stored = document
        stored.revision = 1
        documents[key] = stored
        return stored
    }

    package func document(_ kind: StoredDocument.Kind, _ id: String) -> StoredDocument? {
        documents[DocumentKey(kind: kind, id: id)]
    }

    package func replace(_ document: StoredDocument) throws(BackendError) -> StoredDocument {
        let key = DocumentKey(kind: document.kind, id: document.id)
        guard documents[key]?.revision == document.revision else {
            throw BackendError(.conflict, "\(document.id) has changed")
        }
        var stored = document
        stored.revision += 1
        documents[key] = stored
        return stored
    }

    package func deleteDocument(_ kind: StoredDocument.Kind, _ id: String) {
        documents[DocumentKey(kind: kind, id: id)] = nil
    }

    package func documents(
        _ kind: StoredDocument.Kind,
        ascending: Bool,
        after: String?,
        limit: Int
    ) -> Page<StoredDocument> {
        let found = documents.values.filter { $0.kind == kind }
        return page(found, key: \.id, ascending: ascending, after: after, limit: limit)
    }

    package func record(projectStep: String, mail: String) -> VideoRecord? {
        records[RecordKey(projectStep: projectStep, mail: mail)]?.record
    }

    package func record(projectStep: String, video key: String) -> VideoRecord? {
        records.values.map(\.record).first { $0.projectStep == projectStep && $0.video == key }
    }

    package func write(_ record: VideoRecord) -> Bool {
        let key = RecordKey(projectStep: record.projectStep, mail: record.mail)
        let stored = records[key]?.record.transcoding?.sequencer ?? ""
        guard stored <= record.transcoding?.sequencer ?? "" else { return false }
        var entry = records[key] ?? StoredRecord(record: record)
        entry.record.video = record.video
        entry.record.transcoding = record.transcoding
        records[key] = entry
        return true
    }

    package func announce(_ record: VideoRecord) {
        let key = RecordKey(projectStep: record.projectStep, mail: record.mail)
        let new = VideoRecord(projectStep: record.projectStep, mail: record.mail, video: record.video)
        records[key, default: StoredRecord(record: new)].record.video = record.video
    }

    package func records(mail: String, after: String?, limit: Int) -> Page<VideoRecord> {
        let found = records.filter { $0.key.mail == mail }
        let entries = found.map { (key: $0.key.sortKey, record: $0.value.record) }
        let page = page(entries, key: \.key, ascending: true, after: after, limit: limit)
        return Page(items: page.items.map(\.record), next: page.next)
    }

    package func records(after: String?, limit: Int) -> Page<VideoRecord> {
        let entries = records.map { (key: $0.key.sortKey, record: $0.value.record) }
        let found = page(entries, key: \.key, ascending: true, after: after, limit: limit)
        return Page(items: found.items.map(\.record), next: found.next)
    }

    /// Writes a record as a program other than this one would.
    package func putForeign(_ record: VideoRecord, attributes: [String: String]) {
        let key = RecordKey(projectStep: record.projectStep, mail: record.mail)
        records[key] = StoredRecord(record: record, foreign: attributes)
    }

    /// What `putForeign` wrote and nobody has removed.
    package func foreignAttributes(projectStep: String, mail: String) -> [String: String] {
        records[RecordKey(projectStep: projectStep, mail: mail)]?.foreign ?? [:]
    }

    private func page<Item: Sendable>(
        _ items: [Item],
        key: (Item) -> String,
        ascending: Bool,
        after: String?,
        limit: Int
    ) -> Page<Item> {
        let ordered = items.sorted { ascending == precedes(key($0), key($1)) }
        let rest = ordered.filter { item in
            guard let after else { return true }
            return ascending ? precedes(after, key(item)) : precedes(key(item), after)
        }
        let found = Array(rest.prefix(limit))
        return Page(items: found, next: rest.count > limit ? found.last.map(key) : nil)
    }
}
