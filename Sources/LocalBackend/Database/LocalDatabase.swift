internal import Foundation
internal import GRDB
package import Jobs

/// The file `recast.sqlite`, which several processes may have open.
///
/// Write-ahead log, so that readers and a writer do not wait for each other; synced at every commit
/// (`synchronous = FULL`), because a job lost in a power failure would never be made.
package struct LocalDatabase: Sendable {
    private let pool: DatabasePool
    /// Rings when a message has become visible through this process.
    let bell = Bell()

    /// Opens the database, makes it if need be, and brings it to the current schema.
    ///
    /// `patience` is how many seconds to wait for another process that is writing.
    package static func open(
        _ folder: DataFolder,
        patience: Double = 10
    ) async throws(BackendError) -> LocalDatabase {
        let executor = FileExecutor(width: 1)
        return try await executor.run { () throws(BackendError) in
            // SQLite has no lock of its own for turning a new file into one with a write-ahead log.
            try FolderLock.database(of: folder).hold { () throws(BackendError) in
                do {
                    return LocalDatabase(pool: try openPool(folder.database.path, patience))
                } catch {
                    throw translated(error, "open \(folder.database.path)")
                }
            }
        }
    }

    private init(pool: DatabasePool) { self.pool = pool }

    private static func openPool(_ path: String, _ patience: Double) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience)
        configuration.label = "recast"
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool has set NORMAL, which keeps the file whole but may lose the last commits.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        guard try !pool.read(SQLiteSchema.migrator.hasBeenSuperseded) else {
            throw BackendError(.invalid, "\(path) belongs to a newer version of this program")
        }
        try SQLiteSchema.migrator.migrate(pool)
        return pool
    }

    /// Reads one state of the database; `action` completes "could not …".
    func read<Value: Sendable>(
        _ action: String,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(BackendError) -> Value {
        try await run(action) { [pool] in try await pool.read(body) }
    }

    /// Reads and writes in one transaction, alone from its beginning on.
    func write<Value: Sendable>(
        _ action: String,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(BackendError) -> Value {
        try await run(action) { [pool] in try await pool.write(body) }
    }

    /// In a task of its own: who is cancelled still learns whether a thing was written, and a worker that
    /// stops can still give its message back.
    private func run<Value: Sendable>(
        _ action: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws(BackendError) -> Value {
        let task = Task { () -> Result<Value, BackendError> in
            do {
                return .success(try await body())
            } catch {
                return .failure(Self.translated(error, action))
            }
        }
        return try await task.value.get()
    }

    private static func translated(_ error: any Error, _ action: String) -> BackendError {
        if let error = error as? BackendError { return error }
        guard let error = error as? DatabaseError else {
            return BackendError(.unavailable, "could not \(action): the database holds what is unreadable")
        }
        let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        return BackendError(code(of: error.resultCode), "could not \(action): \(reason)")
    }

    private static func code(of result: ResultCode) -> BackendError.Code {
        switch result {
        case .SQLITE_CONSTRAINT: .conflict
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .denied
        case .SQLITE_TOOBIG, .SQLITE_MISMATCH, .SQLITE_RANGE: .invalid
        // Another process is writing, the disk is full or broken: it passes, or somebody sees to it.
        default: .unavailable
        }
    }
}
