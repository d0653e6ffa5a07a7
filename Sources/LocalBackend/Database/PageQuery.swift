internal import GRDB

/// A page of the rows of a table, in the order of one of its columns.
struct PageQuery: Sendable {
    let table: String
    let column: String
    let ascending: Bool
    /// The value in `column` of the last row of the page before.
    let after: String?
    let limit: Int
    private var required: [(column: String, value: String)] = []

    init(table: String, column: String, ascending: Bool, after: String?, limit: Int) {
        self.table = table
        self.column = column
        self.ascending = ascending
        self.after = after
        self.limit = limit
    }

    /// Leaves out the rows in which `column` holds anything but `value`.
    mutating func require(_ column: String, _ value: String) { required.append((column, value)) }

    var sql: String {
        var conditions = required.map { "\($0.column) = ?" }
        if after != nil { conditions.append("\(column) \(ascending ? ">" : "<") ?") }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return "SELECT * FROM \(table) \(filter) ORDER BY \(column) \(ascending ? "ASC" : "DESC") LIMIT ?"
    }

    var arguments: StatementArguments {
        StatementArguments(required.map(\.value)) + StatementArguments(after.map { [$0] } ?? [])
            + [limit &+ 1]
    }
}
