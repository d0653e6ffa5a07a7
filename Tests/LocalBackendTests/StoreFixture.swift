import Foundation
import Jobs
import LocalBackend
import TestMedia

/// A store in a temporary folder, with one bucket.
struct StoreFixture {
    let workspace: Workspace
    let data: DataFolder
    let store: FolderObjectStore

    init(usesExtendedAttributes: Bool = true) async throws {
        workspace = try Workspace()
        data = DataFolder(workspace.folder)
        store = FolderObjectStore(
            data,
            minimumPartSize: 1,
            usesExtendedAttributes: usesExtendedAttributes
        )
        try await store.makeBucket("media")
    }

    var bucket: URL { data.buckets.appendingPathComponent("media", isDirectory: true) }

    func location(_ key: String) -> ObjectLocation { ObjectLocation(bucket: "media", key: key) }

    @discardableResult
    func put(_ key: String, _ text: String, _ condition: WriteCondition = .none) async throws -> String {
        try await store.write(
            Data(text.utf8),
            to: location(key),
            attributes: ObjectAttributes(contentType: "text/plain"),
            condition: condition
        )
    }

    func text(_ key: String) async throws -> String {
        let data = try await store.read(location(key), range: 0..<1 << 20, eTag: nil)
        return String(decoding: data, as: UTF8.self)
    }

    func keys(prefix: String = "", after: String? = nil, limit: Int = 1000) async throws -> [String] {
        try await store.list(bucket: "media", prefix: prefix, after: after, limit: limit).items.map(\.key)
    }

    /// Every file below the bucket, by its path.
    func files() throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: bucket.path)
        return paths.filter { path in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(
                atPath: bucket.appendingPathComponent(path).path,
                isDirectory: &isFolder
            )
            return exists && !isFolder.boolValue
        }.sorted()
    }

    /// What is left in the folder of uploads.
    func leftovers() -> [String] { contents(of: data.uploads) }
}

/// The code of the error that `body` throws; `nil` when it throws none.
func code(_ body: () async throws -> Void) async -> BackendError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? BackendError)?.code
    }
}

/// What another program makes of the database: the first column of every row.
func query(_ data: DataFolder, _ statement: String) throws -> [String] {
    let script = """
        import sqlite3, sys
        base = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
        for row in base.execute(sys.argv[2]): print(row[0])
        """
    let output = try Tool("python3").output(["-c", script, data.database.path, statement])
    return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
}
