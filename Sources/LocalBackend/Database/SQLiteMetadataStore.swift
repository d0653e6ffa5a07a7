internal import Foundation
internal import GRDB
package import Jobs

/// Jobs, documents and video records in tables.
package struct SQLiteMetadataStore: MetadataStore {
    let database: LocalDatabase

    package init(_ database: LocalDatabase) { self.database = database }

    // MARK: - Jobs

    package func insert(_ job: Job) async throws(BackendError) -> Job {
        try await database.write("store job \(job.id)") { database in
            if let identity = job.identity, let stored = try Self.job("identity", identity, in: database) {
                return stored
            }
            var job = job
            job.revision = 1
            try database.execute(
                sql: """
                    INSERT INTO jobs (revision, pipelineID, status, identity, body, id)
                    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
                    """,
                arguments: try Self.columns(of: job)
            )
            guard database.changesCount == 1 else {
                throw BackendError(.conflict, "there is a job \(job.id) already")
            }
            return job
        }
    }

    package func job(_ id: String) async throws(BackendError) -> Job? {
        try await database.read("read job \(id)") { try Self.job("id", id, in: $0) }
    }

    package func replace(_ job: Job) async throws(BackendError) -> Job {
        try await database.write("store job \(job.id)") { database in
            var next = job
            next.revision = job.revision &+ 1
            try database.execute(
                sql: """
                    UPDATE jobs SET revision = ?, pipelineID = ?, status = ?, identity = ?, body = ?
                    WHERE id = ? AND revision = ?
                    """,
                arguments: try Self.columns(of: next) + [job.revision]
            )
            guard database.changesCount == 1 else {
                guard try Self.job("id", job.id, in: database) != nil else {
                    throw BackendError(.notFound, "there is no job \(job.id)")
                }
                throw BackendError(.conflict, "job \(job.id) has changed")
            }
            return next
        }
    }

    package func jobs(
        _ filter: JobFilter,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<Job> {
        var rows = PageQuery(table: "jobs", column: "id", ascending: ascending, after: after, limit: limit)
        switch filter {
        case .all: break
        case .pipeline(let id): rows.require("pipelineID", id)
        case .status(let status): rows.require("status", status.rawValue)
        }
        return try await page(of: rows, "list jobs") {
            try Self.decoded($0["body"])
        } token: {
            $0.id
        }
    }

    /// In the order in which the statements above name them.
    private static func columns(of job: Job) throws -> StatementArguments {
        [
            job.revision, job.pipelineID, job.status.rawValue, job.identity, try encoded(job), job.id,
        ]
    }

    private static func job(_ column: String, _ value: String, in database: Database) throws -> Job? {
        let sql = "SELECT body FROM jobs WHERE \(column) = ?"
        return try String.fetchOne(database, sql: sql, arguments: [value]).map(decoded)
    }

    // MARK: - Documents

    package func insert(_ document: StoredDocument) async throws(BackendError) -> StoredDocument {
        try await database.write("store \(document.kind.rawValue) \(document.id)") { database in
            try database.execute(
                sql: """
                    INSERT INTO documents (kind, id, revision, body) VALUES (?, ?, 1, ?)
                    ON CONFLICT DO NOTHING
                    """,
                arguments: [document.kind.rawValue, document.id, document.body]
            )
            guard database.changesCount == 1 else {
                throw BackendError(.conflict, "there is a \(document.kind.rawValue) \(document.id) already")
            }
            var stored = document
            stored.revision = 1
            return stored
        }
    }

    package func document(
        _ kind: StoredDocument.Kind,
        _ id: String
    ) async throws(BackendError) -> StoredDocument? {
        try await database.read("read \(kind.rawValue) \(id)") { database in
            try Row.fetchOne(
                database,
                sql: "SELECT * FROM documents WHERE kind = ? AND id = ?",
                arguments: [kind.rawValue, id]
            ).map { Self.document(kind, $0) }
        }
    }

    package func replace(_ document: StoredDocument) async throws(BackendError) -> StoredDocument {
        let label = "\(document.kind.rawValue) \(document.id)"
        return try await database.write("store \(label)") { database in
            var next = document
            next.revision = document.revision &+ 1
            let key: StatementArguments = [document.kind.rawValue, document.id]
            try database.execute(
                sql: "UPDATE documents SET revision = ?, body = ? WHERE kind = ? AND id = ? AND revision = ?",
                arguments: [next.revision, next.body] + key + [document.revision]
            )
            guard database.changesCount == 1 else {
                let sql = "SELECT EXISTS (SELECT 1 FROM documents WHERE kind = ? AND id = ?)"
                guard try Bool.fetchOne(database, sql: sql, arguments: key) == true else {
                    throw BackendError(.notFound, "there is no \(label)")
                }
                throw BackendError(.conflict, "\(label) has changed")
            }
            return next
        }
    }

    package func deleteDocument(_ kind: StoredDocument.Kind, _ id: String) async throws(BackendError) {
        try await database.write("delete \(kind.rawValue) \(id)") { database in
            try database.execute(
                sql: "DELETE FROM documents WHERE kind = ? AND id = ?",
                arguments: [kind.rawValue, id]
            )
        }
    }

    package func documents(
        _ kind: StoredDocument.Kind,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<StoredDocument> {
        var rows = PageQuery(
            table: "documents",
            column: "id",
            ascending: ascending,
            after: after,
            limit: limit
        )
        rows.require("kind", kind.rawValue)
        return try await page(of: rows, "list documents") {
            Self.document(kind, $0)
        } token: {
            $0.id
        }
    }

    private static func document(_ kind: StoredDocument.Kind, _ row: Row) -> StoredDocument {
        StoredDocument(kind: kind, id: row["id"], revision: row["revision"], body: row["body"])
    }

    // MARK: - Rows

    /// Reads one page, and one row more to know whether there is another.
    func page<Item: Sendable>(
        of rows: PageQuery,
        _ action: String,
        item: @escaping @Sendable (Row) throws -> Item,
        token: (Item) -> String
    ) async throws(BackendError) -> Page<Item> {
        guard 1...100 ~= rows.limit else {
            throw BackendError(.invalid, "a page has 1 to 100 items, not \(rows.limit)")
        }
        let items = try await database.read(action) { database in
            try Row.fetchAll(database, sql: rows.sql, arguments: rows.arguments).map(item)
        }
        let page = Array(items.prefix(rows.limit))
        return Page(items: page, next: items.count > rows.limit ? page.last.map(token) : nil)
    }

    static func encoded(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    static func decoded<Value: Decodable>(_ json: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(json.utf8))
    }
}
