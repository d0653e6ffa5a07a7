internal import CLinux
internal import Foundation
internal import Glibc
internal import Jobs

/// An open folder.
///
/// Everything in it is reached through its descriptor, one name at a time and never through a symbolic
/// link, so nobody who changes the folders meanwhile can lead us elsewhere.
struct Folder: ~Copyable {
    let descriptor: Int32
    /// For messages.
    let label: String

    private init(owning descriptor: Int32, label: String) {
        self.descriptor = descriptor
        self.label = label
    }

    deinit { close(descriptor) }

    private static let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

    /// Opens one of our own folders, and makes it if need be.
    static func open(making url: URL) throws(BackendError) -> Folder {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw BackendError(.unavailable, "could not make the folder \(url.path)")
        }
        return try open(url)
    }

    /// - Throws: `notFound`.
    static func open(_ url: URL) throws(BackendError) -> Folder {
        let path = FileName(url.path.utf8)
        let descriptor = try FileCall.check("open the folder \(url.path)") {
            FileCall.with(path) { Glibc.open($0, flags) }
        }
        return Folder(owning: descriptor, label: url.path)
    }

    /// Opens a folder in this one; `nil` when nothing of that name, or no folder, is there.
    func folder(_ name: FileName) throws(BackendError) -> Folder? {
        let label = label + "/" + text(name)
        let found = FileCall.answer {
            FileCall.with(name) { openat(descriptor, $0, Self.flags | O_NOFOLLOW) }
        }
        if let found { return Folder(owning: found, label: label) }
        guard [ENOENT, ENOTDIR, ELOOP].contains(errno) else {
            throw FileCall.error(errno, "open the folder \(label)")
        }
        return nil
    }

    /// Makes a folder in this one; one that is there is no error.
    func makeFolder(_ name: FileName) throws(BackendError) {
        let made = FileCall.answer { FileCall.with(name) { mkdirat(descriptor, $0, 0o777) } }
        guard made != nil || errno == EEXIST else {
            throw FileCall.error(errno, "make the folder \(label)/\(text(name))")
        }
        if made != nil { try sync() }
    }

    /// Opens a file in this folder, whatever it is; `nil` when there is none, or a symbolic link.
    func file(_ name: FileName) throws(BackendError) -> OpenFile? {
        // Not to wait for whoever writes to a pipe of that name.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let found = FileCall.answer { FileCall.with(name) { openat(descriptor, $0, flags) } }
        if let found { return OpenFile(owning: found, label: text(name)) }
        guard [ENOENT, ELOOP, ENXIO].contains(errno) else {
            throw FileCall.error(errno, "open \(label)/\(text(name))")
        }
        return nil
    }

    /// Makes a file that is not there yet; messages call it `label`.
    func makeFile(_ name: FileName, label: String) throws(BackendError) -> OpenFile {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let made = try FileCall.check("write \(label)") {
            FileCall.with(name) { openat(descriptor, $0, flags, 0o666) }
        }
        return OpenFile(owning: made, label: label)
    }

    /// What is known of a name in this folder; `nil` when nothing is there.
    func stamp(of name: FileName) throws(BackendError) -> FileStamp? {
        var status = stat()
        let found = FileCall.answer {
            FileCall.with(name) { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        if found != nil { return FileStamp(status) }
        guard errno == ENOENT else { throw FileCall.error(errno, "examine \(label)/\(text(name))") }
        return nil
    }

    /// Renames into `other`, in the place of a file that is there.
    func move(_ name: FileName, to other: borrowing Folder, _ newName: FileName) throws(BackendError) {
        let (from, to) = (descriptor, other.descriptor)
        try FileCall.check("write \(other.label)/\(text(newName))") {
            FileCall.with(name) { name in FileCall.with(newName) { renameat(from, name, to, $0) } }
        }
    }

    /// Renames into `other`.
    ///
    /// - Throws: `conflict` when something is there.
    func moveNew(_ name: FileName, to other: borrowing Folder, _ newName: FileName) throws(BackendError) {
        let (from, to) = (descriptor, other.descriptor)
        let renamed = FileCall.answer {
            FileCall.with(name) { name in
                FileCall.with(newName) { recast_rename_new(from, name, to, $0) }
            }
        }
        if renamed != nil { return }
        // Some file systems know no such renaming, but most of them links.
        guard errno == EINVAL || errno == ENOSYS else {
            throw FileCall.error(errno, "write \(other.label)/\(text(newName))")
        }
        try FileCall.check("write \(other.label)/\(text(newName))") {
            FileCall.with(name) { name in FileCall.with(newName) { linkat(from, name, to, $0, 0) } }
        }
        try remove(name)
    }

    /// Removes a file; returns false when there was none.
    @discardableResult
    func remove(_ name: FileName) throws(BackendError) -> Bool {
        let removed = FileCall.answer { FileCall.with(name) { unlinkat(descriptor, $0, 0) } }
        guard removed != nil || errno == ENOENT else {
            throw FileCall.error(errno, "remove \(label)/\(text(name))")
        }
        return removed != nil
    }

    /// Removes a folder if it is empty, and says whether it did.
    @discardableResult
    func removeEmptyFolder(_ name: FileName) -> Bool {
        FileCall.answer { FileCall.with(name) { unlinkat(descriptor, $0, Int32(AT_REMOVEDIR)) } } != nil
    }

    /// Makes what was renamed, made and removed in this folder last through a power failure.
    func sync() throws(BackendError) {
        try FileCall.check("sync the folder \(label)") { fsync(descriptor) }
    }

    private func text(_ name: FileName) -> String { String(decoding: name, as: UTF8.self) }
}
