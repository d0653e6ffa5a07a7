package import Foundation

/// A temporary folder, deleted with the value that owns it.
package final class Workspace: Sendable {
    package let folder: URL

    package init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("recast-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    package func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    package func path(_ name: String) -> String { url(name).path }

    /// Makes a folder inside and returns it.
    package func subfolder(_ name: String) throws -> URL {
        let url = folder.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}

/// The names of everything in `folder`, hidden files included, sorted; empty when it does not exist.
package func contents(of folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
}
