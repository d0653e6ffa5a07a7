internal import Foundation
internal import Glibc
internal import Jobs

/// A lock that all processes which use the data folder respect.
///
/// The system opens it when its process ends, however that happens.
struct FolderLock: Sendable {
    private let folder: URL
    private let name: String

    /// Held while an object of the bucket appears, changes or goes.
    static func bucket(_ name: String, of folder: DataFolder) -> FolderLock {
        FolderLock(folder: folder.locks, name: "bucket-" + name)
    }

    /// Held while something in the folder of uploads is begun, or looked through for leftovers.
    static func uploads(of folder: DataFolder) -> FolderLock {
        FolderLock(folder: folder.locks, name: "uploads")
    }

    /// Held while the database is opened and brought to the current schema.
    static func database(of folder: DataFolder) -> FolderLock {
        FolderLock(folder: folder.locks, name: "database")
    }

    /// Waits for the lock and does `body` under it.
    func hold<Value: ~Copyable>(
        _ body: () throws(BackendError) -> Value
    ) throws(BackendError) -> Value {
        let locks = try Folder.open(making: folder)
        let file = try locks.lockFile(FileName(name.utf8))
        try file.lock()
        defer { withExtendedLifetime(file) {} }
        return try body()
    }
}

extension Folder {
    /// Opens an empty file to be locked, and makes it if need be.
    fileprivate func lockFile(_ name: FileName) throws(BackendError) -> OpenFile {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let lockLabel = label + "/" + String(decoding: name, as: UTF8.self)
        let opened = try FileCall.check("open \(lockLabel)") {
            FileCall.with(name) { openat(descriptor, $0, flags, 0o666) }
        }
        return OpenFile(owning: opened, label: lockLabel)
    }
}
