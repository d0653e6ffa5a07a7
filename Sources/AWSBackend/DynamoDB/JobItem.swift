internal import AWSSignature
internal import Foundation
internal import Hashing
package import Jobs

/// How jobs, identities and documents look in the table.
package enum JobItem {
    // Attribute names.
    static let partition = "pk"
    static let sort = "sk"
    static let kind = "kind"
    static let pipeline = "pipeline"
    static let status = "status"
    static let revision = "revision"
    static let body = "body"
    /// Made anew by every write: tells our own write, whose answer was lost, from somebody else's.
    static let stamp = "stamp"
    static let job = "job"

    // Index names.
    static let allIndex = "jobs"
    static let pipelineIndex = "jobs-by-pipeline"
    static let statusIndex = "jobs-by-status"

    /// Bytes of UTF-8 that a sort key may have (Amazon DynamoDB Developer Guide, "Constraints").
    static let maximumSortKeyBytes = 1024
    static let maximumPartitionKeyBytes = 2048

    static func jobKey(_ id: String) -> Item {
        [partition: .string("job#" + id), sort: .string(id)]
    }

    /// An identity may be longer than a key, so its SHA-256 stands for it.
    static func identityKey(_ identity: String) -> Item {
        let digest = Digest.sha256(Data(identity.utf8)).hexadecimal
        return [partition: .string("identity#" + digest), sort: .string("identity")]
    }

    static func documentKey(_ kind: StoredDocument.Kind, _ id: String) -> Item {
        [partition: .string(kind.rawValue), sort: .string(id)]
    }

    /// Whether `id` can be a sort key at all.
    static func isKey(_ id: String) -> Bool { (1...maximumSortKeyBytes).contains(id.utf8.count) }

    /// - Throws: `invalid` for a job that no item can hold.
    package static func item(for job: Job, stamp: String) throws(BackendError) -> Item {
        guard isKey(job.id) else {
            throw BackendError(.invalid, "a job's id has 1 to \(maximumSortKeyBytes) bytes")
        }
        guard job.pipelineID.utf8.count <= maximumPartitionKeyBytes else {
            throw BackendError(.invalid, "the pipeline id of job \(job.id) is too long for a table")
        }
        var item = jobKey(job.id)
        item[kind] = .string("job")
        item[status] = .string(job.status.rawValue)
        // An index leaves out what lacks its key; an empty key is refused.
        if !job.pipelineID.isEmpty { item[pipeline] = .string(job.pipelineID) }
        item[revision] = .number(job.revision)
        item[body] = .string(String(decoding: try encode(job), as: UTF8.self))
        item[Self.stamp] = .string(stamp)
        return try sized(item, "job \(job.id)")
    }

    package static func job(from item: Item) throws(BackendError) -> Job {
        guard let text = item[body]?.text,
            let job = try? JSONDecoder().decode(Job.self, from: Data(text.utf8))
        else {
            throw BackendError(.invalid, "the item \(name(of: item)) is not a job")
        }
        return job
    }

    /// - Throws: `invalid` for a document that no item can hold.
    package static func item(for document: StoredDocument, stamp: String) throws(BackendError) -> Item {
        guard isKey(document.id) else {
            throw BackendError(.invalid, "a document's id has 1 to \(maximumSortKeyBytes) bytes")
        }
        var item = documentKey(document.kind, document.id)
        item[revision] = .number(document.revision)
        // Text is readable in the console; bytes that are none are kept all the same.
        let text = String(validating: document.body, as: UTF8.self)
        item[body] = text.map { .string($0) } ?? .binary(document.body)
        item[Self.stamp] = .string(stamp)
        return try sized(item, "\(document.kind.rawValue) \(document.id)")
    }

    package static func document(
        _ kind: StoredDocument.Kind,
        from item: Item
    ) throws(BackendError) -> StoredDocument {
        let bytes: Data? =
            switch item[body] {
            case .string(let text): Data(text.utf8)
            case .binary(let data): data
            default: nil
            }
        guard let bytes, let id = item[sort]?.text, let revision = item[revision]?.integer,
            let revision = Int(exactly: revision)
        else {
            throw BackendError(.invalid, "the item \(name(of: item)) is not a \(kind.rawValue)")
        }
        return StoredDocument(kind: kind, id: id, revision: revision, body: bytes)
    }

    static func identityItem(_ identity: String, jobID: String) -> Item {
        identityKey(identity).merging([job: .string(jobID)]) { key, _ in key }
    }

    private static func encode(_ job: Job) throws(BackendError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(job)
        } catch {
            throw BackendError(.invalid, "job \(job.id) holds a number that JSON has no word for")
        }
    }

    private static func sized(_ item: Item, _ name: String) throws(BackendError) -> Item {
        guard item.byteCount <= Item.maximumByteCount else {
            throw BackendError(
                .invalid,
                "\(name) takes \(item.byteCount) bytes, and an item holds \(Item.maximumByteCount)"
            )
        }
        return item
    }

    private static func name(of item: Item) -> String {
        "\(item[partition]?.text ?? "?")/\(item[sort]?.text ?? "?")"
    }
}
