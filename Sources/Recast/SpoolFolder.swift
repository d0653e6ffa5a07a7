internal import Foundation
internal import Glibc

/// A folder of this process alone for files on their way.
///
/// The process holds a lock on it as long as it lives, however it dies; a folder that nobody has locked is
/// removed by the next process that makes one beside it.
final class SpoolFolder: Sendable {
    private static let namePrefix = "worker-"

    let path: String
    private let lock: Int32

    /// Makes the folder below `parent`.
    ///
    /// Where that cannot be, `path` is what it would be: whoever writes there says what is wrong.
    init(below parent: String) {
        path = "\(parent)/\(Self.namePrefix)\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        // Nobody removes a folder between its being made and its being locked.
        let gate = Self.locked(parent, LOCK_EX)
        defer { close(gate) }
        if gate >= 0 { Self.removeAbandoned(below: parent) }
        mkdir(path, 0o700)
        lock = Self.locked(path, LOCK_EX)
    }

    deinit { close(lock) }

    /// Removes the folder with what is in it.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// A descriptor that holds a lock on a folder; -1 when there is no folder or somebody else has locked it.
    private static func locked(_ path: String, _ operation: Int32) -> Int32 {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return -1 }
        while flock(folder, operation) != 0 {
            if errno == EINTR { continue }
            close(folder)
            return -1
        }
        return folder
    }

    private static func removeAbandoned(below parent: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(namePrefix) {
            let folder = locked("\(parent)/\(name)", LOCK_EX | LOCK_NB)
            guard folder >= 0 else { continue }
            try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
            close(folder)
        }
    }
}
