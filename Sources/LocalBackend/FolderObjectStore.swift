package import Foundation
package import Jobs

/// Buckets that are folders, and objects that are files in them.
///
/// Whoever puts a file into a bucket's folder has put an object there, and the other way round:
/// `ObjectPath` says which file is which key. An object is written beside the buckets, synced, and then
/// renamed, so that readers meet whole objects only, whatever happens. Symbolic links are no objects.
///
/// The ETag is made of size, time of change and inode (`FileStamp`). Conditions hold among all processes
/// that use the store; somebody who changes a file by hand at the same moment is not asked.
package struct FolderObjectStore: ObjectStore {
    private let files: BucketFiles
    private let uploads: UploadFiles
    private let executor = FileExecutor()
    private let minimumPartSize: Int

    /// Bytes that one `read` may ask for.
    private static let longestRead: Int64 = 1 << 30

    /// `usesExtendedAttributes` is false only for file systems on which they do harm.
    package init(
        _ folder: DataFolder,
        minimumPartSize: Int = 5 << 20,
        usesExtendedAttributes: Bool = true
    ) {
        let attributes = AttributeFiles(
            folder: folder.attributes,
            usesExtendedAttributes: usesExtendedAttributes
        )
        files = BucketFiles(folder: folder, attributes: attributes)
        uploads = UploadFiles(folder: folder)
        self.minimumPartSize = minimumPartSize
    }

    /// Makes the folder of a bucket; one that is there is no error.
    package func makeBucket(_ name: String) async throws(BackendError) {
        try await executor.run { [files] () throws(BackendError) in try files.makeBucket(name) }
    }

    /// Removes what processes that ended too early have left among the uploads; for the start of a process.
    package func removeAbandoned() async throws(BackendError) {
        try await executor.run { [uploads] () throws(BackendError) in try uploads.removeAbandoned() }
    }

    package func head(_ location: ObjectLocation) async throws(BackendError) -> ObjectInfo {
        try await executor.run { [files] () throws(BackendError) in try files.info(location).info }
    }

    /// What is known of an object, and of the file it is.
    func examine(
        _ location: ObjectLocation
    ) async throws(BackendError) -> (info: ObjectInfo, stamp: FileStamp) {
        try await executor.run { [files] () throws(BackendError) in try files.info(location) }
    }

    package func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) async throws(BackendError) -> Data {
        try location.check(range)
        return try await executor.run { [files] () throws(BackendError) in
            let object = try files.open(location)
            let changed = BackendError(.conflict, "\(location) has changed")
            if let eTag, eTag != object.stamp.eTag { throw changed }
            let range = range.clamped(to: 0..<max(0, object.stamp.byteCount))
            guard range.count <= Self.longestRead else {
                throw BackendError(.invalid, "\(range.count) bytes of \(location) are too many for one read")
            }
            let data = try object.file.read(range)
            // A file that somebody writes over keeps its inode, and its descriptor sees the new bytes.
            if eTag != nil, try object.file.stamp().eTag != object.stamp.eTag { throw changed }
            return data
        }
    }

    @discardableResult
    package func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) async throws(BackendError) -> String {
        try await executor.run { [files] () throws(BackendError) in
            try files.check(location)
            let draft = try Draft.begin(in: files.folder, label: location.description)
            try draft.file.append(data)
            let stamp = try draft.seal(attributes, files.attributes)
            return try files.publish(draft, stamp, at: location, condition: condition)
        }
    }

    package func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) async throws(BackendError) -> any ObjectUpload {
        let (files, uploads, executor, minimumPartSize) = (files, uploads, executor, minimumPartSize)
        return try await executor.run { () throws(BackendError) in
            try files.check(location)
            let plan = UploadFiles.Plan(location, attributes)
            let (name, lock) = try uploads.begin(plan)
            return FolderUpload(
                plan: plan,
                name: name,
                lock: lock,
                minimumPartSize: minimumPartSize,
                files: files,
                uploads: uploads,
                executor: executor
            )
        }
    }

    package func delete(_ location: ObjectLocation) async throws(BackendError) {
        try await executor.run { [files] () throws(BackendError) in try files.remove(location) }
    }

    package func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<ObjectSummary> {
        guard 1...1000 ~= limit else {
            throw BackendError(.invalid, "a page has 1 to 1000 objects, not \(limit)")
        }
        return try await executor.run { [files] () throws(BackendError) in
            var listing = FolderListing(prefix: prefix, after: after, limit: limit)
            return try listing.page(of: try files.bucket(bucket))
        }
    }

    /// All objects whose keys begin with `prefix`, in one look.
    func objects(bucket: String, prefix: String) async throws(BackendError) -> [ObjectSummary] {
        try await executor.run { [files] () throws(BackendError) in
            var listing = FolderListing(prefix: prefix, after: nil, limit: .max)
            return try listing.page(of: try files.bucket(bucket)).items
        }
    }

    package func hasBucket(_ bucket: String) async throws(BackendError) -> Bool {
        try await executor.run { [files] () throws(BackendError) in
            try files.bucketIfThere(bucket) != nil
        }
    }

    @discardableResult
    package func abortUploads(of location: ObjectLocation) async throws(BackendError) -> Int {
        try await executor.run { [uploads] () throws(BackendError) in try uploads.removeAll(of: location) }
    }
}

/// An object that is being written in parts, each a file.
struct FolderUpload: ObjectUpload {
    let plan: UploadFiles.Plan
    /// The folder of the parts.
    let name: FileName
    /// Tells other processes that this one lives.
    let lock: HeldFile
    let minimumPartSize: Int
    let files: BucketFiles
    let uploads: UploadFiles
    let executor: FileExecutor

    func upload(part number: Int, _ data: Data) async throws(BackendError) {
        try await executor.run { [self] () throws(BackendError) in
            try uploads.write(part: number, data, of: name, label: plan.location.description)
        }
    }

    func complete(condition: WriteCondition) async throws(BackendError) -> String {
        try await executor.run { [self] () throws(BackendError) in
            let label = plan.location.description
            let draft = try Draft.begin(in: files.folder, label: label)
            try uploads.join(name, minimumPartSize: minimumPartSize, to: draft, label: label)
            let stamp = try draft.seal(plan.attributes, files.attributes)
            let eTag = try files.publish(draft, stamp, at: plan.location, condition: condition)
            // The object is there; parts that cannot be removed are removed at the next start.
            try? uploads.remove(name)
            return eTag
        }
    }

    func abort() async throws(BackendError) {
        try await executor.run { [self] () throws(BackendError) in try uploads.remove(name) }
    }
}
