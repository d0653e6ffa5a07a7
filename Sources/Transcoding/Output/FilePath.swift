/// A path taken apart at its last slash, as the system does it.
///
/// Foundation's `deletingLastPathComponent` ends the program for names of one character.
struct FilePath: Equatable {
    /// The folder, `.` when the path names none.
    let folder: String
    /// The name within the folder; empty after a slash at the end.
    let name: String

    init(_ path: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            folder = "."
            name = path
            return
        }
        let before = String(path[..<slash])
        folder = before.isEmpty ? "/" : before
        name = String(path[path.utf8.index(after: slash)...])
    }

    /// The name's beginning, of whole characters and at most so many bytes: file systems count these.
    func beginning(_ byteCount: Int) -> String {
        var left = byteCount
        return String(
            name.prefix { character in
                left -= character.utf8.count
                return left >= 0
            }
        )
    }
}
