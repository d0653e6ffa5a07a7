import GRDB
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
}
