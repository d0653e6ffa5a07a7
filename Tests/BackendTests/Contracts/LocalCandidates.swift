import Foundation
import HTTPTransport
import Jobs
import LocalBackend
import TestServers

/// Holds the folders of all tests; removed when the process ends.
private let dataFolders: URL = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(uniqueName("recast-test"))
    atexit { try? FileManager.default.removeItem(at: dataFolders) }
    return folder
}()

private func emptyDataFolder() throws -> DataFolder {
    let folder = dataFolders.appendingPathComponent(uniqueName("data"), isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return DataFolder(folder)
}

extension Candidate where Subject == ObjectStoreSubject {
    static let folder = Candidate("a folder") {
        let store = FolderObjectStore(try emptyDataFolder(), minimumPartSize: 16)
        try await store.makeBucket("videos")
        return ObjectStoreSubject(store: store, bucket: "videos")
    }
}

extension Candidate where Subject == JobQueueSubject {
    static let sqlite = Candidate("SQLite") {
        let database = try await LocalDatabase.open(try emptyDataFolder())
        return JobQueueSubject(queue: SQLiteJobQueue(database))
    }
}

extension Candidate where Subject == MetadataStoreSubject {
    static let sqlite = Candidate("SQLite") {
        let folder = try emptyDataFolder()
        let table = SQLiteRecords(path: folder.database.path)
        return MetadataStoreSubject(
            store: SQLiteMetadataStore(try await LocalDatabase.open(folder)),
            putForeign: { try await table.put($0, $1) },
            foreignAttributes: { try await table.attributes($0, $1) }
        )
    }
}

extension Candidate where Subject == NotifierSubject {
    static let log = Candidate("SQLite") {
        let folder = try emptyDataFolder()
        let notifier = LocalNotifier(try await LocalDatabase.open(folder)) { (request) throws(HTTPFailure) in
            throw HTTPFailure(.refused, "no test posts to \(request.url)")
        }
        return NotifierSubject(notifier: notifier, topic: "topic", missingTopic: nil) {
            let program = """
                import json, sqlite3, sys
                rows = sqlite3.connect(sys.argv[1]).execute("SELECT subject, message FROM notifications")
                print(json.dumps([list(row) for row in rows]))
                """
            let text = try await Python.output(source: program, [folder.database.path])
            return try JSONDecoder().decode([[String]].self, from: text).map {
                NotifierSubject.Delivery(subject: $0[0], message: $0[1])
            }
        }
    }
}

/// The table of video records, reached by Python's SQLite.
private struct SQLiteRecords {
    let path: String

    func put(_ record: VideoRecord, _ attributes: [String: String]) async throws {
        let program = """
            import sqlite3, sys
            path, step, mail, video, attributes = sys.argv[1:]
            with sqlite3.connect(path) as database:
                database.execute(
                    "INSERT INTO records (projectStep, mail, video, sequencer, attributes)"
                    " VALUES (?, ?, ?, ?, ?)", (step, mail, video, "0" * 64, attributes))
            """
        let text = try JSON.object(attributes.mapValues(JSON.string)).line()
        let arguments = [path, record.projectStep, record.mail, record.video, text]
        try await Python.output(source: program, arguments)
    }

    func attributes(_ projectStep: String, _ mail: String) async throws -> [String: String] {
        let program = """
            import sqlite3, sys
            path, step, mail = sys.argv[1:]
            rows = sqlite3.connect(path).execute(
                "SELECT attributes FROM records WHERE projectStep = ? AND mail = ?", (step, mail))
            print(rows.fetchone()[0])
            """
        let text = try await Python.output(source: program, [path, projectStep, mail])
        return try JSONDecoder().decode([String: String].self, from: text)
    }
}
