internal import Foundation
internal import Glibc

/// What tells one state of a file from another.
struct FileStamp: Equatable {
    let byteCount: Int64
    /// When the bytes last changed, in nanoseconds since 1970.
    let modified: Int64
    /// When the file, its name or its place last changed, in nanoseconds since 1970; no program can set it.
    let changed: Int64
    let inode: UInt64
    let isFile: Bool
    let isFolder: Bool

    init(_ status: stat) {
        byteCount = Int64(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
        inode = UInt64(status.st_ino)
        isFile = status.st_mode & S_IFMT == S_IFREG
        isFolder = status.st_mode & S_IFMT == S_IFDIR
    }

    /// Size, time of change and inode, in hexadecimal.
    ///
    /// The same for every process and after every start. Objects that we write have a new inode and the
    /// clock's full precision as their time, so two of them never share it; nor does a file that was
    /// changed by hand, save within one tick of the file system's clock and at the same size.
    var eTag: String {
        let parts = [UInt64(bitPattern: byteCount), UInt64(bitPattern: modified), inode]
        return parts.map { String($0, radix: 16) }.joined(separator: "-")
    }

    var modificationDate: Date { Date(timeIntervalSince1970: Double(modified) / 1e9) }

    /// Years from 1678 to 2262 fit; others, which a file may well state, wrap.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
