internal import Foundation
internal import GRDB
package import Jobs

extension SQLiteMetadataStore {
    package func record(
        projectStep: String,
        mail: String
    ) async throws(BackendError) -> VideoRecord? {
        try await database.read("read a record of \(projectStep)") { database in
            try Row.fetchOne(
                database,
                sql: "SELECT * FROM records WHERE projectStep = ? AND mail = ?",
                arguments: [projectStep, mail]
            ).map(Self.record)
        }
    }

    package func record(
        projectStep: String,
        video key: String
    ) async throws(BackendError) -> VideoRecord? {
        try await database.read("read a record of \(projectStep)") { database in
            try Row.fetchOne(
                database,
                sql: "SELECT * FROM records WHERE projectStep = ? AND video = ? ORDER BY mail LIMIT 1",
                arguments: [projectStep, key]
            ).map(Self.record)
        }
    }

    package func write(_ record: VideoRecord) async throws(BackendError) -> Bool {
        try await database.write("store a record of \(record.projectStep)") { database in
            // Sequencers are hexadecimal and padded, so their order is that of their bytes.
            try database.execute(
                sql: """
                    INSERT INTO records (projectStep, mail, video, sequencer, transcoding)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE
                    SET video = excluded.video, sequencer = excluded.sequencer,
                        transcoding = excluded.transcoding
                    WHERE records.sequencer <= excluded.sequencer
                    """,
                arguments: [
                    record.projectStep, record.mail, record.video,
                    Sequencer.padded(record.transcoding?.sequencer),
                    try record.transcoding.map(Self.encoded),
                ]
            )
            return database.changesCount == 1
        }
    }

    package func announce(_ record: VideoRecord) async throws(BackendError) {
        try await database.write("store a record of \(record.projectStep)") { database in
            try database.execute(
                sql: """
                    INSERT INTO records (projectStep, mail, video, sequencer) VALUES (?, ?, ?, '')
                    ON CONFLICT DO UPDATE SET video = excluded.video
                    """,
                arguments: [record.projectStep, record.mail, record.video]
            )
        }
    }

    package func records(after: String?, limit: Int) async throws(BackendError) -> Page<VideoRecord> {
        let start = try after.map(Self.place)
        return try await page(
            start == nil ? "" : "WHERE (projectStep, mail) > (?, ?)",
            StatementArguments(start.map { [$0.projectStep, $0.mail] } ?? []),
            limit: limit
        )
    }

    package func records(
        mail: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        let start = try after.map(Self.place)
        return try await page(
            "WHERE mail = ?" + (start == nil ? "" : " AND projectStep > ?"),
            StatementArguments([mail] + (start.map { [$0.projectStep] } ?? [])),
            limit: limit
        )
    }

    /// The records that `condition` lets through, in the order of their keys.
    private func page(
        _ condition: String,
        _ arguments: StatementArguments,
        limit: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        guard 1...100 ~= limit else {
            throw BackendError(.invalid, "a page has 1 to 100 items, not \(limit)")
        }
        let records = try await database.read("list records") { database in
            let sql = "SELECT * FROM records \(condition) ORDER BY projectStep, mail LIMIT ?"
            return try Row.fetchAll(database, sql: sql, arguments: arguments + [limit + 1]).map(Self.record)
        }
        let page = Array(records.prefix(limit))
        return Page(items: page, next: records.count > limit ? page.last.map(Self.token) : nil)
    }

    private static func record(_ row: Row) throws -> VideoRecord {
        let transcoding: String? = row["transcoding"]
        return VideoRecord(
            projectStep: row["projectStep"],
            mail: row["mail"],
            video: row["video"],
            transcoding: try transcoding.map(decoded)
        )
    }

    // MARK: - Pages

    /// Where a page begins: both parts of the key, the first with its length before it.
    private static func token(_ record: VideoRecord) -> String {
        "\(record.projectStep.utf8.count):\(record.projectStep)\(record.mail)"
    }

    private static func place(_ token: String) throws(BackendError) -> (projectStep: String, mail: String) {
        let parts = token.utf8.split(
            separator: UInt8(ascii: ":"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, let length = Int(String(decoding: parts[0], as: UTF8.self)),
            0...parts[1].count ~= length
        else { throw BackendError(.invalid, "no page of records begins there") }
        return (
            String(decoding: parts[1].prefix(length), as: UTF8.self),
            String(decoding: parts[1].dropFirst(length), as: UTF8.self)
        )
    }
}
