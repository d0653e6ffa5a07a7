package import Foundation

/// Where an object is.
///
/// The key is any text of 1...1024 bytes of UTF-8.
package struct ObjectLocation: Codable, Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    package let key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    package var description: String { "\(bucket)/\(key)" }
}

extension ObjectLocation {
    /// - Throws: `invalid` for a range of bytes that no object has.
    package func check(_ range: Range<Int64>) throws(BackendError) {
        guard range.lowerBound >= 0 else {
            throw BackendError(.invalid, "\(self) has no bytes before its first")
        }
    }
}

/// What a store knows of an object.
package struct ObjectInfo: Sendable, Equatable {
    package var byteCount: Int64
    /// Without quotation marks; changes whenever the bytes do.
    package var eTag: String
    package var versionID: String?
    package var contentType: String?
    /// User metadata, names in lower case.
    package var metadata: [String: String]
    package var modified: Date

    package init(
        byteCount: Int64,
        eTag: String,
        versionID: String? = nil,
        contentType: String? = nil,
        metadata: [String: String] = [:],
        modified: Date
    ) {
        self.byteCount = byteCount
        self.eTag = eTag
        self.versionID = versionID
        self.contentType = contentType
        self.metadata = metadata
        self.modified = modified
    }
}

/// What a new object carries besides its bytes.
package struct ObjectAttributes: Sendable, Equatable {
    package var contentType: String
    /// Names in lower case; values are ASCII.
    package var metadata: [String: String]

    package init(contentType: String, metadata: [String: String] = [:]) {
        self.contentType = contentType
        self.metadata = metadata
    }
}

/// What must hold for a write to happen; otherwise it throws `conflict` and changes nothing.
package enum WriteCondition: Sendable, Equatable {
    case none
    /// Nothing is there.
    case absent
    /// What is there has this ETag.
    case matches(eTag: String)
}

/// One entry of a listing.
package struct ObjectSummary: Sendable, Equatable {
    package let key: String
    package let byteCount: Int64
    package let eTag: String
    package let modified: Date

    package init(key: String, byteCount: Int64, eTag: String, modified: Date) {
        self.key = key
        self.byteCount = byteCount
        self.eTag = eTag
        self.modified = modified
    }
}

/// Buckets of objects.
///
/// A reader meets whole objects only.
package protocol ObjectStore: Sendable {
    /// - Throws: `notFound`.
    func head(_ location: ObjectLocation) async throws(BackendError) -> ObjectInfo

    /// Reads bytes of one version.
    ///
    /// `range` counts bytes and is cut to the object's end. When `eTag` is given and the object has
    /// another one by now, it throws `conflict`.
    func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) async throws(BackendError) -> Data

    /// Writes a whole object at once, and returns its ETag.
    @discardableResult
    func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) async throws(BackendError) -> String

    /// Begins an object that is written in parts; nothing of it is visible before `complete`.
    func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) async throws(BackendError) -> any ObjectUpload

    /// Deletes an object; one that is not there is no error.
    func delete(_ location: ObjectLocation) async throws(BackendError)

    /// Lists keys in the order of their UTF-8 bytes, `limit` (1...1000) a page.
    func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<ObjectSummary>

    /// Whether the bucket exists and may be used.
    func hasBucket(_ bucket: String) async throws(BackendError) -> Bool

    /// Removes unfinished uploads of `location` that a dead attempt left; returns how many there were.
    @discardableResult
    func abortUploads(of location: ObjectLocation) async throws(BackendError) -> Int
}

/// An object being written in parts.
///
/// Parts may be uploaded in any order and at the same time.
package protocol ObjectUpload: Sendable {
    /// Bytes every part but the last must have at least.
    var minimumPartSize: Int { get }

    /// Uploads a part; `number` is 1...10,000 and gives its place. The same number again replaces it.
    func upload(part number: Int, _ data: Data) async throws(BackendError)

    /// Makes the object visible, and returns its ETag.
    ///
    /// After `conflict` the upload is still there: it can be completed under another condition or aborted.
    func complete(condition: WriteCondition) async throws(BackendError) -> String

    /// Throws the parts away. Doing so twice is no error.
    func abort() async throws(BackendError)
}
