internal import Glibc
internal import Jobs

/// A name in a folder, and what it names.
struct FolderEntry {
    enum Kind { case file, folder, other }

    let name: FileName
    let kind: Kind
}

extension Folder {
    /// Everything in the folder but `.` and `..`, in no order.
    func entries() throws(BackendError) -> [FolderEntry] {
        // A descriptor of its own, because reading moves its position.
        let copy = try FileCall.check("read the folder \(label)") {
            openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw FileCall.error(code, "read the folder \(label)")
        }
        defer { closedir(stream) }
        var entries: [FolderEntry] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = Self.name(of: entry)
            if name != [0x2E], name != [0x2E, 0x2E] {
                entries.append(FolderEntry(name: name, kind: try kind(of: name, type: entry.pointee.d_type)))
            }
            errno = 0
        }
        guard errno == 0 else { throw FileCall.error(errno, "read the folder \(label)") }
        return entries
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> FileName {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            let capacity = MemoryLayout.size(ofValue: pointer.pointee)
            return pointer.withMemoryRebound(to: UInt8.self, capacity: capacity) { bytes in
                FileName(UnsafeBufferPointer(start: bytes, count: capacity).prefix { $0 != 0 })
            }
        }
    }

    private func kind(of name: FileName, type: UInt8) throws(BackendError) -> FolderEntry.Kind {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        case Int(DT_UNKNOWN):
            guard let stamp = try stamp(of: name) else { return .other }
            return stamp.isFile ? .file : stamp.isFolder ? .folder : .other
        default: return .other
        }
    }
}
