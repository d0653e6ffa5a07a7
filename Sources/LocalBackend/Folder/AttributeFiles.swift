internal import CLinux
internal import Foundation
internal import Glibc
internal import Jobs

/// Keeps what an object carries besides its bytes.
///
/// In an extended attribute of its file; where the file system has none, in a file of the folder
/// `attributes` that is called like the object's ETag. Either way it belongs to one state of one file:
/// a file that somebody put in its place, or wrote over, has none.
struct AttributeFiles: Sendable {
    private struct Stored: Codable {
        /// The object's ETag when they were written.
        var eTag: String
        var contentType: String
        var metadata: [String: String]
    }

    private static let attributeName = "user.recast"

    let folder: URL
    /// Whether to try extended attributes first.
    let usesExtendedAttributes: Bool

    /// Stores the attributes of a file that will not be written to any more.
    func write(
        _ attributes: ObjectAttributes,
        of file: borrowing OpenFile,
        _ stamp: FileStamp
    ) throws(BackendError) {
        let stored = Stored(
            eTag: stamp.eTag,
            contentType: attributes.contentType,
            metadata: attributes.metadata
        )
        guard let json = try? JSONEncoder().encode(stored) else {
            throw BackendError(.invalid, "the attributes of \(file.label) are no text")
        }
        let descriptor = file.descriptor
        if usesExtendedAttributes {
            let status = json.withUnsafeBytes {
                fsetxattr(descriptor, Self.attributeName, $0.baseAddress, $0.count, 0)
            }
            if status == 0 { return }
            // Unknown to this file system, or more than it has room for.
            guard [ENOTSUP, ENOSPC, E2BIG, ERANGE].contains(errno) else {
                throw FileCall.error(errno, "write the attributes of \(file.label)")
            }
        }
        try writeBeside(json, stamp, label: file.label)
    }

    private func writeBeside(_ json: Data, _ stamp: FileStamp, label: String) throws(BackendError) {
        let folder = try Folder.open(making: folder)
        let name = FileName(stamp.eTag.utf8)
        try folder.remove(name)
        let file = try folder.makeFile(name, label: "the attributes of \(label)")
        try file.append(json)
        try file.sync()
        try folder.sync()
    }

    /// The attributes of a file in this state; `nil` when it has none.
    func read(of file: borrowing OpenFile, _ stamp: FileStamp) -> ObjectAttributes? {
        for json in [extendedAttribute(of: file), beside(stamp)] {
            guard let json, let stored = try? JSONDecoder().decode(Stored.self, from: json),
                stored.eTag == stamp.eTag
            else { continue }
            return ObjectAttributes(contentType: stored.contentType, metadata: stored.metadata)
        }
        return nil
    }

    private func extendedAttribute(of file: borrowing OpenFile) -> Data? {
        var json = Data(count: 1 << 16)
        let descriptor = file.descriptor
        let count = json.withUnsafeMutableBytes {
            fgetxattr(descriptor, Self.attributeName, $0.baseAddress, $0.count)
        }
        return count > 0 ? json.prefix(count) : nil
    }

    private func beside(_ stamp: FileStamp) -> Data? {
        try? Data(contentsOf: folder.appendingPathComponent(stamp.eTag))
    }

    /// Forgets the attributes of a file that is gone.
    func remove(_ stamp: FileStamp) {
        // Where there is nothing to remove, most of the time, that is fine.
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(stamp.eTag))
    }
}
