package import Foundation
package import Jobs

/// Buckets in a dictionary: the object store by its definition, with nothing that could fail.
package actor InMemoryObjectStore: ObjectStore {
    struct Object {
        let data: Data
        let info: ObjectInfo
    }

    /// A key by its bytes: Swift's texts are equal when they look alike, keys are not.
    private struct Key: Hashable {
        let bytes: [UInt8]

        init(_ text: String) { bytes = Array(text.utf8) }

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    struct UnfinishedUpload {
        let location: ObjectLocation
        let attributes: ObjectAttributes
        var parts: [Int: Data] = [:]
    }

    /// Bytes every part but the last must have.
    let minimumPartSize: Int
    private var buckets: [String: [Key: Object]]
    private var uploads: [Int: UnfinishedUpload] = [:]
    private var uploadCount = 0
    private var version = 0
    private let now: @Sendable () -> Date

    package init(
        buckets: [String],
        minimumPartSize: Int = 16,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.buckets = Dictionary(uniqueKeysWithValues: buckets.map { ($0, [:]) })
        self.minimumPartSize = minimumPartSize
        self.now = now
    }

    /// Unfinished uploads, whatever their location.
    package var unfinishedUploadCount: Int { uploads.count }

    /// The keys in a bucket, in the order of their bytes.
    package func keys(in bucket: String) -> [String] {
        (buckets[bucket] ?? [:]).keys.map(\.text).sorted(by: precedes)
    }

    package func head(_ location: ObjectLocation) throws(BackendError) -> ObjectInfo {
        try object(at: location).info
    }

    package func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) throws(BackendError) -> Data {
        let object = try object(at: location)
        guard eTag == nil || eTag == object.info.eTag else {
            throw BackendError(.conflict, "\(location) has changed")
        }
        let whole = 0..<Int64(object.data.count)
        let part = range.clamped(to: whole)
        return Data(object.data[Int(part.lowerBound)..<Int(part.upperBound)])
    }

    package func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) throws(BackendError) -> String {
        try check(location)
        guard let bucket = buckets[location.bucket] else {
            throw BackendError(.notFound, "there is no bucket \(location.bucket)")
        }
        let found = bucket[Key(location.key)]?.info.eTag
        let isMet =
            switch condition {
            case .none: true
            case .absent: found == nil
            case .matches(let eTag): found == eTag
            }
        guard isMet else { throw BackendError(.conflict, "\(location) is not what it should be") }
        version += 1
        let info = ObjectInfo(
            byteCount: Int64(data.count),
            eTag: "e\(version)",
            contentType: attributes.contentType,
            metadata: attributes.metadata,
            modified: now()
        )
        buckets[location.bucket]?[Key(location.key)] = Object(data: data, info: info)
        return info.eTag
    }

    package func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) throws(BackendError) -> any ObjectUpload {
        try check(location)
        guard buckets[location.bucket] != nil else {
            throw BackendError(.notFound, "there is no bucket \(location.bucket)")
        }
        uploadCount += 1
        uploads[uploadCount] = UnfinishedUpload(location: location, attributes: attributes)
        return InMemoryUpload(store: self, id: uploadCount, minimumPartSize: minimumPartSize)
    }

    package func delete(_ location: ObjectLocation) throws(BackendError) {
        try check(location)
        guard buckets[location.bucket] != nil else {
            throw BackendError(.notFound, "there is no bucket \(location.bucket)")
        }
        buckets[location.bucket]?[Key(location.key)] = nil
    }

    package func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) throws(BackendError) -> Page<ObjectSummary> {
        guard let objects = buckets[bucket] else {
            throw BackendError(.notFound, "there is no bucket \(bucket)")
        }
        let keys = objects.keys.map(\.text).sorted(by: precedes).filter { key in
            key.utf8.starts(with: prefix.utf8) && (after.map { precedes($0, key) } ?? true)
        }
        let items = keys.prefix(limit).compactMap { key in
            objects[Key(key)].map { object in
                ObjectSummary(
                    key: key,
                    byteCount: object.info.byteCount,
                    eTag: object.info.eTag,
                    modified: object.info.modified
                )
            }
        }
        return Page(items: items, next: keys.count > limit ? items.last?.key : nil)
    }

    package func hasBucket(_ bucket: String) -> Bool { buckets[bucket] != nil }

    package func abortUploads(of location: ObjectLocation) -> Int {
        let found = uploads.filter { $0.value.location.isExactly(location) }.keys
        for id in found { uploads[id] = nil }
        return found.count
    }

    /// Throws unless the key is one.
    private func check(_ location: ObjectLocation) throws(BackendError) {
        guard (1...1024).contains(location.key.utf8.count) else {
            throw BackendError(.invalid, "a key has 1 to 1024 bytes")
        }
    }

    private func object(at location: ObjectLocation) throws(BackendError) -> Object {
        try check(location)
        guard let object = buckets[location.bucket]?[Key(location.key)] else {
            throw BackendError(.notFound, "there is no \(location)")
        }
        return object
    }
}

extension InMemoryObjectStore {
    func setPart(_ number: Int, of id: Int, _ data: Data) throws(BackendError) {
        guard uploads[id] != nil else { throw BackendError(.notFound, "the upload has ended") }
        guard (1...10_000).contains(number) else {
            throw BackendError(.invalid, "there is no part number \(number)")
        }
        uploads[id]?.parts[number] = data
    }

    func completeUpload(_ id: Int, condition: WriteCondition) throws(BackendError) -> String {
        guard let upload = uploads[id] else { throw BackendError(.notFound, "the upload has ended") }
        let parts = upload.parts.sorted { $0.key < $1.key }.map(\.value)
        guard !parts.isEmpty, parts.dropLast().allSatisfy({ $0.count >= minimumPartSize }) else {
            throw BackendError(.invalid, "a part of \(upload.location) is too small")
        }
        let eTag = try write(
            parts.reduce(Data(), +),
            to: upload.location,
            attributes: upload.attributes,
            condition: condition
        )
        uploads[id] = nil
        return eTag
    }

    func abortUpload(_ id: Int) { uploads[id] = nil }
}

private struct InMemoryUpload: ObjectUpload {
    let store: InMemoryObjectStore
    let id: Int
    let minimumPartSize: Int

    func upload(part number: Int, _ data: Data) async throws(BackendError) {
        try await store.setPart(number, of: id, data)
    }

    func complete(condition: WriteCondition) async throws(BackendError) -> String {
        try await store.completeUpload(id, condition: condition)
    }

    func abort() async throws(BackendError) { await store.abortUpload(id) }
}

extension ObjectLocation {
    fileprivate func isExactly(_ other: ObjectLocation) -> Bool {
        bucket == other.bucket && key.utf8.elementsEqual(other.key.utf8)
    }
}

/// Whether `first` comes before `second` in the order of UTF-8 bytes, which is not Swift's order of text.
func precedes(_ first: String, _ second: String) -> Bool {
    first.utf8.lexicographicallyPrecedes(second.utf8)
}
