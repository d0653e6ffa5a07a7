internal import Foundation
internal import GRDB
package import Jobs

/// A queue in a table, for all processes that have the database open.
package struct SQLiteJobQueue: JobQueue {
    private let database: LocalDatabase
    private let clock: WallClock

    /// Seconds after which a receiver looks whether another process has sent something.
    private static let pollInterval = 0.2

    package init(_ database: LocalDatabase, clock: WallClock = .system) {
        self.database = database
        self.clock = clock
    }

    package func send(_ body: String, delay: Double) async throws(BackendError) {
        try Self.check(delay, 0...900, "a delay")
        let now = clock.now().timeIntervalSince1970
        try await database.write("send a message") { try Self.insert(body, now: now, delay: delay, into: $0) }
        database.bell.ring()
    }

    /// Adds a message inside a transaction of somebody else, who rings the bell afterwards.
    static func insert(_ body: String, now: Double, delay: Double, into database: Database) throws {
        try database.execute(
            sql: "INSERT INTO messages (id, body, sent, visibleAt) VALUES (?, ?, ?, ?)",
            arguments: [UUID().uuidString, body, now, now + delay]
        )
    }

    // MARK: - Receiving

    package func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage] {
        guard 1...10 ~= limit else {
            throw BackendError(.invalid, "1 to 10 messages can be received, not \(limit)")
        }
        try Self.check(wait, 0...20, "a wait")
        try Self.checkVisibility(visibility)
        let deadline = clock.now().timeIntervalSince1970 + wait
        while true {
            let ringCount = database.bell.ringCount
            let messages = try await take(limit, visibility)
            if !messages.isEmpty { return messages }
            let remaining = deadline - clock.now().timeIntervalSince1970
            guard remaining > 0, !Task.isCancelled else { return [] }
            await database.bell.wait(
                since: ringCount,
                atMost: min(remaining, Self.pollInterval),
                sleep: clock.sleep
            )
        }
    }

    /// Takes the messages that are visible now.
    private func take(_ limit: Int, _ visibility: Double) async throws(BackendError) -> [QueueMessage] {
        let now = clock.now().timeIntervalSince1970
        // Looking is cheap and disturbs nobody; a transaction that writes would make others wait.
        let isAnyVisible = try await database.read("look for messages") { database in
            try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM messages WHERE deadCode IS NULL AND visibleAt <= ?)",
                arguments: [now]
            ) ?? false
        }
        guard isAnyVisible else { return [] }
        return try await database.write("receive messages") { database in
            let numbers = try Int64.fetchAll(
                database,
                sql: """
                    SELECT number FROM messages WHERE deadCode IS NULL AND visibleAt <= ?
                    ORDER BY visibleAt, number LIMIT ?
                    """,
                arguments: [now, limit]
            )
            return try numbers.map { number in
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        UPDATE messages SET receipt = ?, receiveCount = receiveCount + 1, visibleAt = ?
                        WHERE number = ? RETURNING *
                        """,
                    arguments: [UUID().uuidString, now + visibility, number]
                )
                guard let row else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
                return QueueMessage(
                    id: row["id"],
                    receipt: row["receipt"],
                    body: row["body"],
                    receiveCount: row["receiveCount"],
                    sent: Date(timeIntervalSince1970: row["sent"])
                )
            }
        }
    }

    // MARK: - Received messages

    package func extend(_ message: QueueMessage, visibility: Double) async throws(BackendError) {
        try Self.checkVisibility(visibility)
        let now = clock.now().timeIntervalSince1970
        try await database.write("extend a message") { database in
            try database.execute(
                sql: "UPDATE messages SET visibleAt = ? WHERE id = ? AND receipt = ? AND deadCode IS NULL",
                arguments: [now + visibility, message.id, message.receipt]
            )
            guard database.changesCount == 1 else { throw Self.isGone }
        }
        if visibility == 0 { database.bell.ring() }
    }

    package func delete(_ message: QueueMessage) async throws(BackendError) {
        try await database.write("delete a message") { database in
            try database.execute(
                sql: "DELETE FROM messages WHERE id = ? AND receipt = ? AND deadCode IS NULL",
                arguments: [message.id, message.receipt]
            )
        }
    }

    private static let isGone = BackendError(.notFound, "this delivery of the message no longer counts")

    // MARK: - Dead letters

    package func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) async throws(BackendError) {
        let now = clock.now().timeIntervalSince1970
        try await database.write("move a message to the dead letters") { database in
            try database.execute(
                sql: """
                    UPDATE messages
                    SET body = ?, deadCode = ?, deadMessage = ?, deadJobID = ?, deadAt = coalesce(deadAt, ?)
                    WHERE id = ? AND receipt = ?
                    """,
                arguments: [
                    letter.body, letter.code, letter.message, letter.jobID, now, message.id, message.receipt,
                ]
            )
            guard database.changesCount == 1 else { throw Self.isGone }
        }
    }

    package func deadLetters(limit: Int) async throws(BackendError) -> [DeadLetter] {
        try await database.read("read the dead letters") { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT body, deadCode, deadMessage, deadJobID FROM messages
                    WHERE deadCode IS NOT NULL ORDER BY deadAt, number LIMIT ?
                    """,
                arguments: [max(0, limit)]
            )
            return rows.map { row in
                DeadLetter(
                    body: row["body"],
                    code: row["deadCode"],
                    message: row["deadMessage"],
                    jobID: row["deadJobID"]
                )
            }
        }
    }

    package func redrive(limit: Int) async throws(BackendError) -> Int {
        let now = clock.now().timeIntervalSince1970
        let count = try await database.write("put dead letters back") { database in
            try database.execute(
                sql: """
                    UPDATE messages
                    SET receipt = NULL, receiveCount = 0, sent = ?, visibleAt = ?,
                        deadCode = NULL, deadMessage = NULL, deadJobID = NULL, deadAt = NULL
                    WHERE number IN (
                        SELECT number FROM messages WHERE deadCode IS NOT NULL ORDER BY deadAt, number LIMIT ?
                    )
                    """,
                arguments: [now, now, max(0, limit)]
            )
            return database.changesCount
        }
        if count > 0 { database.bell.ring() }
        return count
    }

    // MARK: - Depth

    /// A message that is sent but delayed counts as in flight.
    package func depth() async throws(BackendError) -> QueueDepth {
        let now = clock.now().timeIntervalSince1970
        return try await database.read("measure the queue") { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT
                        count(*) FILTER (WHERE deadCode IS NULL AND visibleAt <= :now) AS visible,
                        count(*) FILTER (WHERE deadCode IS NULL AND visibleAt > :now) AS inFlight,
                        count(*) FILTER (WHERE deadCode IS NOT NULL) AS dead,
                        min(sent) FILTER (WHERE deadCode IS NULL AND visibleAt <= :now) AS oldest
                    FROM messages
                    """,
                arguments: ["now": now]
            )
            let oldest: Double? = row?["oldest"]
            return QueueDepth(
                visible: row?["visible"] ?? 0,
                inFlight: row?["inFlight"] ?? 0,
                dead: row?["dead"] ?? 0,
                oldestAge: oldest.map { max(0, now - $0) }
            )
        }
    }

    // MARK: - Limits

    private static func checkVisibility(_ seconds: Double) throws(BackendError) {
        try check(seconds, 0...43_200, "a visibility")
    }

    private static func check(
        _ seconds: Double,
        _ range: ClosedRange<Double>,
        _ what: String
    ) throws(BackendError) {
        guard range.contains(seconds) else {
            throw BackendError(.invalid, "\(what) is \(range) seconds, not \(seconds)")
        }
    }
}
