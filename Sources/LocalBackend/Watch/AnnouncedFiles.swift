internal import Foundation
internal import GRDB
internal import Jobs

/// Remembers which state of which file was announced to the queue.
///
/// Remembering and sending are one transaction: no file is announced twice, and none is forgotten.
struct AnnouncedFiles: Sendable {
    /// One state of one file.
    struct File: Sendable {
        let location: ObjectLocation
        let stamp: FileStamp
    }

    let database: LocalDatabase

    /// Sends an event for each of the files of which none was sent, and returns how many.
    func announce(_ files: [File], at time: Date) async throws(BackendError) -> Int {
        guard !files.isEmpty else { return 0 }
        let now = time.timeIntervalSince1970
        let count = try await database.write("announce files") { database in
            var count = 0
            for file in files {
                let location = file.location
                try database.execute(
                    sql: """
                        INSERT INTO announced (bucket, key, eTag, at) VALUES (?, ?, ?, ?)
                        ON CONFLICT DO UPDATE SET eTag = excluded.eTag, at = excluded.at
                        WHERE eTag <> excluded.eTag
                        """,
                    arguments: [location.bucket, location.key, file.stamp.eTag, now]
                )
                guard database.changesCount == 1 else { continue }
                let event = ObjectCreatedEvent(
                    bucket: location.bucket,
                    key: location.key,
                    stamp: file.stamp,
                    time: time
                )
                try SQLiteJobQueue.insert(try event.json(), now: now, delay: 0, into: database)
                count += 1
            }
            return count
        }
        if count > 0 { database.bell.ring() }
        return count
    }

    /// The ETags that were announced of a bucket, by the bytes of their keys.
    func eTags(bucket: String) async throws(BackendError) -> [FileName: String] {
        try await database.read("read what was announced") { database in
            let sql = "SELECT key, eTag FROM announced WHERE bucket = ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [bucket])
            let pairs = rows.map { row in (FileName((row["key"] as String).utf8), row["eTag"] as String) }
            return Dictionary(pairs) { $1 }
        }
    }

    /// Forgets a file that is gone: one that comes to its place later is new, whatever it is.
    func forget(_ location: ObjectLocation) async throws(BackendError) {
        try await database.write("forget a file") { database in
            try database.execute(
                sql: "DELETE FROM announced WHERE bucket = ? AND key = ?",
                arguments: [location.bucket, location.key]
            )
        }
    }
}
