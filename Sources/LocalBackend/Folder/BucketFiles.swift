internal import Foundation
internal import Jobs

/// The files of all buckets.
///
/// Its calls wait for the disk: they belong on a `FileExecutor`.
struct BucketFiles: Sendable {
    /// A file that is an object, open for reading.
    struct OpenObject: ~Copyable {
        let file: OpenFile
        let stamp: FileStamp
    }

    let folder: DataFolder
    let attributes: AttributeFiles

    // MARK: - Buckets

    /// - Throws: `notFound`, or `invalid` when no bucket can have that name.
    func bucket(_ name: String) throws(BackendError) -> Folder {
        guard let bucket = try bucketIfThere(name) else {
            throw BackendError(.notFound, "there is no bucket \(name)")
        }
        return bucket
    }

    func bucketIfThere(_ name: String) throws(BackendError) -> Folder? {
        try Self.checkBucketName(name)
        let buckets = try Folder.open(making: folder.buckets)
        return try buckets.folder(FileName(name.utf8))
    }

    func makeBucket(_ name: String) throws(BackendError) {
        try Self.checkBucketName(name)
        let buckets = try Folder.open(making: folder.buckets)
        try buckets.makeFolder(FileName(name.utf8))
    }

    static func checkBucketName(_ name: String) throws(BackendError) {
        guard name.wholeMatch(of: /[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/) != nil else {
            throw BackendError(.invalid, "\(name) is no name for a bucket")
        }
    }

    private static func path(of location: ObjectLocation) throws(BackendError) -> ObjectPath {
        guard 1...1024 ~= location.key.utf8.count else {
            throw BackendError(.invalid, "a key has 1 to 1024 bytes, not \(location.key.utf8.count)")
        }
        return ObjectPath(key: location.key)
    }

    /// Whether there can be an object, before anything is written, and before its bucket has a lock.
    func check(_ location: ObjectLocation) throws(BackendError) {
        _ = try Self.path(of: location)
        _ = try bucket(location.bucket)
    }

    // MARK: - Reading

    /// - Throws: `notFound`.
    func open(_ location: ObjectLocation) throws(BackendError) -> OpenObject {
        let bucket = try bucket(location.bucket)
        guard let object = try find(Self.path(of: location), in: bucket) else {
            throw BackendError(.notFound, "there is no object \(location)")
        }
        return object
    }

    func info(_ location: ObjectLocation) throws(BackendError) -> (info: ObjectInfo, stamp: FileStamp) {
        let object = try open(location)
        let attributes = attributes.read(of: object.file, object.stamp)
        let info = ObjectInfo(
            byteCount: object.stamp.byteCount,
            eTag: object.stamp.eTag,
            contentType: attributes?.contentType ?? "application/octet-stream",
            metadata: attributes?.metadata ?? [:],
            modified: object.stamp.modificationDate
        )
        return (info, object.stamp)
    }

    private func find(_ path: ObjectPath, in bucket: borrowing Folder) throws(BackendError) -> OpenObject? {
        guard let parent = try parent(of: path, in: bucket) else { return nil }
        // The first name again, because the file may have moved from the second to it meanwhile.
        for name in [path.name, path.nameBesideFolder, path.name] {
            guard let file = try parent.file(name) else { continue }
            let stamp = try file.stamp()
            if stamp.isFile { return OpenObject(file: file, stamp: stamp) }
        }
        return nil
    }

    private func parent(of path: ObjectPath, in bucket: borrowing Folder) throws(BackendError) -> Folder? {
        guard var parent = try bucket.folder([0x2E]) else { return nil }
        for name in path.folders {
            guard let next = try parent.folder(name) else { return nil }
            parent = next
        }
        return parent
    }

    // MARK: - Writing

    /// Makes a sealed draft the object at `location`, and returns its ETag.
    func publish(
        _ draft: Draft,
        _ stamp: FileStamp,
        at location: ObjectLocation,
        condition: WriteCondition
    ) throws(BackendError) -> String {
        try check(location)
        let path = try Self.path(of: location)
        let lock = FolderLock.bucket(location.bucket, of: folder)
        return try lock.hold { () throws(BackendError) in
            let bucket = try bucket(location.bucket)
            let old = try find(path, in: bucket)?.stamp
            try Self.check(condition, old, location)
            let parent = try makeParent(of: path, in: bucket)
            let name = try freeName(path, in: parent)
            try draft.publish(in: parent, name, mustBeNew: condition == .absent)
            if name == path.name { try parent.remove(path.nameBesideFolder) }
            if let old { attributes.remove(old) }
            return stamp.eTag
        }
    }

    private static func check(
        _ condition: WriteCondition,
        _ old: FileStamp?,
        _ location: ObjectLocation
    ) throws(BackendError) {
        switch condition {
        case .none: return
        case .absent:
            if old != nil { throw BackendError(.conflict, "\(location) exists already") }
        case .matches(let eTag):
            if old?.eTag != eTag { throw BackendError(.conflict, "\(location) has changed") }
        }
    }

    /// The name under which the file goes: the other one where a folder has the first.
    private func freeName(_ path: ObjectPath, in parent: borrowing Folder) throws(BackendError) -> FileName {
        guard let stamp = try parent.stamp(of: path.name), stamp.isFolder,
            !parent.removeEmptyFolder(path.name)
        else { return path.name }
        return path.nameBesideFolder
    }

    /// Makes the folders of a path; a file in the way gives its name up to the folder.
    private func makeParent(
        of path: ObjectPath,
        in bucket: borrowing Folder
    ) throws(BackendError) -> Folder {
        guard var parent = try bucket.folder([0x2E]) else {
            throw BackendError(.notFound, "the bucket is gone")
        }
        for name in path.folders {
            let next = try makeFolder(name, in: parent)
            parent = next
        }
        return parent
    }

    private func makeFolder(_ name: FileName, in parent: borrowing Folder) throws(BackendError) -> Folder {
        if let folder = try parent.folder(name) { return folder }
        if let stamp = try parent.stamp(of: name) {
            guard stamp.isFile else {
                let label = String(decoding: name, as: UTF8.self)
                throw BackendError(.denied, "\(label) in \(parent.label) is neither file nor folder")
            }
            try parent.move(name, to: parent, name + ObjectPath.besideFolder)
        }
        try parent.makeFolder(name)
        guard let folder = try parent.folder(name) else {
            throw BackendError(.unavailable, "a folder in \(parent.label) went as soon as it was made")
        }
        return folder
    }

    /// Removes an object; one that is not there is no error.
    func remove(_ location: ObjectLocation) throws(BackendError) {
        try check(location)
        let path = try Self.path(of: location)
        let lock = FolderLock.bucket(location.bucket, of: folder)
        try lock.hold { () throws(BackendError) in
            let bucket = try bucket(location.bucket)
            guard let parent = try parent(of: path, in: bucket) else { return }
            for name in [path.name, path.nameBesideFolder] {
                guard let stamp = try parent.stamp(of: name), stamp.isFile else { continue }
                try parent.remove(name)
                try parent.sync()
                attributes.remove(stamp)
            }
        }
    }
}
