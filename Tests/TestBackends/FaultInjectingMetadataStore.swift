package import Jobs

/// A metadata store some of whose calls fail.
package struct FaultInjectingMetadataStore: MetadataStore {
    let store: any MetadataStore
    let plan: FaultPlan

    package init(_ store: any MetadataStore, _ plan: FaultPlan) {
        self.store = store
        self.plan = plan
    }

    package func insert(_ job: Job) async throws(BackendError) -> Job {
        try await plan.run("insertJob") { () async throws(BackendError) in try await store.insert(job) }
    }

    package func job(_ id: String) async throws(BackendError) -> Job? {
        try await plan.run("job") { () async throws(BackendError) in try await store.job(id) }
    }

    package func replace(_ job: Job) async throws(BackendError) -> Job {
        try await plan.run("replaceJob") { () async throws(BackendError) in try await store.replace(job) }
    }

    package func jobs(
        _ filter: JobFilter,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<Job> {
        try await plan.run("jobs") { () async throws(BackendError) in
            try await store.jobs(filter, ascending: ascending, after: after, limit: limit)
        }
    }

    package func insert(_ document: StoredDocument) async throws(BackendError) -> StoredDocument {
        try await plan.run("insertDocument") { () async throws(BackendError) in
            try await store.insert(document)
        }
    }

    package func document(
        _ kind: StoredDocument.Kind,
        _ id: String
    ) async throws(BackendError) -> StoredDocument? {
        try await plan.run("document") { () async throws(BackendError) in
            try await store.document(kind, id)
        }
    }

    package func replace(_ document: StoredDocument) async throws(BackendError) -> StoredDocument {
        try await plan.run("replaceDocument") { () async throws(BackendError) in
            try await store.replace(document)
        }
    }

    package func deleteDocument(_ kind: StoredDocument.Kind, _ id: String) async throws(BackendError) {
        try await plan.run("deleteDocument") { () async throws(BackendError) in
            try await store.deleteDocument(kind, id)
        }
    }

    package func documents(
        _ kind: StoredDocument.Kind,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<StoredDocument> {
        try await plan.run("documents") { () async throws(BackendError) in
            try await store.documents(kind, ascending: ascending, after: after, limit: limit)
        }
    }

    package func record(projectStep: String, mail: String) async throws(BackendError) -> VideoRecord? {
        try await plan.run("record") { () async throws(BackendError) in
            try await store.record(projectStep: projectStep, mail: mail)
        }
    }

    package func record(projectStep: String, video key: String) async throws(BackendError) -> VideoRecord? {
        try await plan.run("recordOfVideo") { () async throws(BackendError) in
            try await store.record(projectStep: projectStep, video: key)
        }
    }

    package func write(_ record: VideoRecord) async throws(BackendError) -> Bool {
        try await plan.run("writeRecord") { () async throws(BackendError) in try await store.write(record) }
    }

    package func announce(_ record: VideoRecord) async throws(BackendError) {
        try await plan.run("announceRecord") { () async throws(BackendError) in
            try await store.announce(record)
        }
    }

    package func records(
        mail: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        try await plan.run("recordsOfMail") { () async throws(BackendError) in
            try await store.records(mail: mail, after: after, limit: limit)
        }
    }

    package func records(after: String?, limit: Int) async throws(BackendError) -> Page<VideoRecord> {
        try await plan.run("records") { () async throws(BackendError) in
            try await store.records(after: after, limit: limit)
        }
    }
}
