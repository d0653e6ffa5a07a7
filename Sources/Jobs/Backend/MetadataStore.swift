package import Foundation

/// Which jobs to list.
package enum JobFilter: Sendable, Equatable {
    case all
    case pipeline(String)
    case status(JobStatus)
}

/// A pipeline, a preset, a pending notification, a user, an access key or a secret as a store keeps it.
package struct StoredDocument: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable {
        case pipeline, preset, notification, user, accessKey
        /// What the service signs with; never shown to anybody.
        case secret
    }

    package let kind: Kind
    /// Unique within its kind; listings are in the order of their UTF-8 bytes.
    package let id: String
    /// Counts the changes stored; the store raises it.
    package var revision: Int
    /// JSON.
    package var body: Data

    package init(kind: Kind, id: String, revision: Int = 0, body: Data) {
        self.kind = kind
        self.id = id
        self.revision = revision
        self.body = body
    }
}

/// Jobs, documents and video records.
///
/// Every write is atomic and survives a crash.
///
/// Changes are compare-and-swap on `revision`: `replace` stores a value whose `revision` is the stored
/// one's, returns it with the next, and throws `conflict` when somebody else was faster.
package protocol MetadataStore: Sendable {
    /// Stores a new job at revision 1, unless one with the same `identity` is there, which is returned.
    ///
    /// Of two at the same time exactly one is stored.
    ///
    /// - Throws: `conflict` when the id is taken by another job.
    func insert(_ job: Job) async throws(BackendError) -> Job
    func job(_ id: String) async throws(BackendError) -> Job?
    func replace(_ job: Job) async throws(BackendError) -> Job
    /// Jobs in the order of their ids, which is that of their creation; `limit` is 1...100.
    func jobs(
        _ filter: JobFilter,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<Job>

    /// Stores a new document at revision 1.
    ///
    /// - Throws: `conflict` when its id is taken.
    func insert(_ document: StoredDocument) async throws(BackendError) -> StoredDocument
    func document(_ kind: StoredDocument.Kind, _ id: String) async throws(BackendError) -> StoredDocument?
    func replace(_ document: StoredDocument) async throws(BackendError) -> StoredDocument
    /// Deletes a document; one that is not there is no error.
    func deleteDocument(_ kind: StoredDocument.Kind, _ id: String) async throws(BackendError)
    func documents(
        _ kind: StoredDocument.Kind,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<StoredDocument>

    /// The record of `projectStep` and `mail`.
    func record(projectStep: String, mail: String) async throws(BackendError) -> VideoRecord?
    /// The record among those of `projectStep` whose `video` is `key`.
    func record(projectStep: String, video key: String) async throws(BackendError) -> VideoRecord?
    /// Writes the record's transcoding attributes and keeps all others; makes the record if need be.
    ///
    /// The attributes that are `nil` are removed. Returns false, and changes nothing, when the stored
    /// record's `sequencer` is greater than the new one's.
    func write(_ record: VideoRecord) async throws(BackendError) -> Bool
    /// Makes the record of an upload to come, or gives one that is there the `video` to come.
    ///
    /// What was transcoded before stays in it until the upload's own job is told of; `transcoding` is not
    /// looked at.
    func announce(_ record: VideoRecord) async throws(BackendError)
    /// The records of one `mail`, in an order that stays the same; `limit` is 1...100.
    func records(mail: String, after: String?, limit: Int) async throws(BackendError) -> Page<VideoRecord>
    /// All records, in an order that stays the same; `limit` is 1...100.
    func records(after: String?, limit: Int) async throws(BackendError) -> Page<VideoRecord>
}
