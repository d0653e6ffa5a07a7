import Foundation
import GRDB
import Jobs
import TestMedia
import Testing

@testable import LocalBackend

@Suite("The database")
struct LocalDatabaseTests {
    @Test("Every commit reaches the disk before it counts")
    func syncsCommits() async throws {
        let workspace = try Workspace()
        let database = try await LocalDatabase.open(DataFolder(workspace.folder))
        // 2 is FULL (https://www.sqlite.org/pragma.html#pragma_synchronous).
        let level = try await database.write("ask") { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(level == 2)
    }

    @Test("A database that a newer version has changed is left alone")
    func refusesNewerSchema() async throws {
        let workspace = try Workspace()
        let data = DataFolder(workspace.folder)
        _ = try await LocalDatabase.open(data)
        _ = try query(data, "INSERT INTO grdb_migrations VALUES ('999: what nobody knows yet')")
        #expect(await code { _ = try await LocalDatabase.open(data) } == .invalid)
    }

    @Test("A file that is no database is reported, and stays as it is")
    func reportsDamage() async throws {
        let workspace = try Workspace()
        let data = DataFolder(workspace.folder)
        let text = Data(String(repeating: "no database\n", count: 1000).utf8)
        try text.write(to: data.database)
        #expect(await code { _ = try await LocalDatabase.open(data) } == .unavailable)
        #expect(try Data(contentsOf: data.database) == text)
    }
}
