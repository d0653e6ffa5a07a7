package import Foundation

/// The folder that holds everything the local backend keeps.
package struct DataFolder: Sendable {
    package let url: URL

    package init(_ url: URL) { self.url = url }

    /// Buckets, one folder each.
    package var buckets: URL { url.appendingPathComponent("buckets", isDirectory: true) }
    /// Queue, jobs and records.
    package var database: URL { url.appendingPathComponent("recast.sqlite") }
    /// Objects being written; on the same file system as the buckets, so that renaming is atomic.
    package var uploads: URL { url.appendingPathComponent("uploads", isDirectory: true) }
    /// Files that processes lock, empty all of them.
    package var locks: URL { url.appendingPathComponent("locks", isDirectory: true) }
    /// What objects carry besides their bytes, where the file system has no extended attributes.
    package var attributes: URL { url.appendingPathComponent("attributes", isDirectory: true) }
}
