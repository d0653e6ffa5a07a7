internal import Foundation
internal import Jobs

/// Makes tables.
struct TableSetup: Sendable {
    let service: JSONService

    /// Looks at a table that is being made, and seconds between two of them.
    private static let looks = (count: 150, distance: 2.0)

    /// Makes the table, waits until it can be used, and says what was done.
    ///
    /// - Throws: `conflict` when there is a table of that name with other keys.
    func make(_ design: TableDesign) async throws(BackendError) -> String {
        if let table = try await describe(design.name) {
            try check(table, design)
            try await waitUntilActive(design)
            return "table \(design.name) is already there"
        }
        do {
            let _: EmptyAnswer = try await service.call("CreateTable", CreateTable(design))
        } catch  where error.serviceCode == "ResourceInUseException" {
            // Somebody else is making it at this moment.
        } catch {
            throw error.error
        }
        try await waitUntilActive(design)
        return "table \(design.name) was made"
    }

    private func waitUntilActive(_ design: TableDesign) async throws(BackendError) {
        for _ in 0..<Self.looks.count {
            if let table = try await describe(design.name), table.isActive {
                return try check(table, design)
            }
            do { try await service.client.timing.sleep(Self.looks.distance) } catch { break }
        }
        throw BackendError(.unavailable, "the table \(design.name) does not become active")
    }

    private func describe(_ name: String) async throws(BackendError) -> DescribedTable? {
        do {
            let answer: DescribeAnswer = try await service.call(
                "DescribeTable",
                DynamoDBRequest(table: name)
            )
            return answer.table
        } catch  where error.serviceCode == "ResourceNotFoundException" {
            return nil
        } catch {
            throw error.error
        }
    }

    private func check(_ table: DescribedTable, _ design: TableDesign) throws(BackendError) {
        guard TableDesign.Key(table.keys) == design.key else {
            throw BackendError(
                .conflict,
                "the keys of the table \(design.name) are not \(design.key.partition) and \(design.key.sort)"
            )
        }
        for index in design.indexes {
            let found = table.indexes?.first { $0.name == index.name }
            if found == nil, index.isOptional { continue }
            guard let found, TableDesign.Key(found.keys) == index.key else {
                throw BackendError(
                    .conflict,
                    "the table \(design.name) lacks the index \(index.name) with the keys "
                        + "\(index.key.partition) and \(index.key.sort)"
                )
            }
        }
    }
}

/// One attribute of a key, as DynamoDB names it.
private struct KeyPart: Codable {
    let name: String
    /// HASH or RANGE.
    let kind: String

    enum CodingKeys: String, CodingKey {
        case name = "AttributeName"
        case kind = "KeyType"
    }
}

extension TableDesign.Key {
    fileprivate init?(_ parts: [KeyPart]) {
        guard parts.count == 2,
            let partition = parts.first(where: { $0.kind == "HASH" }),
            let sort = parts.first(where: { $0.kind == "RANGE" })
        else { return nil }
        self.init(partition: partition.name, sort: sort.name)
    }

    fileprivate var parts: [KeyPart] {
        [KeyPart(name: partition, kind: "HASH"), KeyPart(name: sort, kind: "RANGE")]
    }
}

private struct CreateTable: Encodable {
    struct Attribute: Encodable {
        let name: String
        let type = "S"

        enum CodingKeys: String, CodingKey {
            case name = "AttributeName"
            case type = "AttributeType"
        }
    }

    struct Index: Encodable {
        let name: String
        let keys: [KeyPart]
        let projection = ["ProjectionType": "KEYS_ONLY"]

        enum CodingKeys: String, CodingKey {
            case name = "IndexName"
            case keys = "KeySchema"
            case projection = "Projection"
        }
    }

    let name: String
    let billing = "PAY_PER_REQUEST"
    let attributes: [Attribute]
    let keys: [KeyPart]
    let indexes: [Index]?

    init(_ design: TableDesign) {
        name = design.name
        attributes = design.keyAttributes.map { Attribute(name: $0) }
        keys = design.key.parts
        let indexes = design.indexes.map { Index(name: $0.name, keys: $0.key.parts) }
        self.indexes = indexes.isEmpty ? nil : indexes
    }

    enum CodingKeys: String, CodingKey {
        case name = "TableName"
        case billing = "BillingMode"
        case attributes = "AttributeDefinitions"
        case keys = "KeySchema"
        case indexes = "GlobalSecondaryIndexes"
    }
}

private struct DescribeAnswer: Decodable {
    let table: DescribedTable?

    enum CodingKeys: String, CodingKey { case table = "Table" }
}

private struct DescribedTable: Decodable {
    struct Index: Decodable {
        let name: String
        let keys: [KeyPart]
        let status: String?

        enum CodingKeys: String, CodingKey {
            case name = "IndexName"
            case keys = "KeySchema"
            case status = "IndexStatus"
        }
    }

    let status: String
    let keys: [KeyPart]
    let indexes: [Index]?

    /// A table under change can be used, as can an index.
    var isActive: Bool {
        ["ACTIVE", "UPDATING"].contains(status)
            && (indexes ?? []).allSatisfy { ["ACTIVE", "UPDATING", nil].contains($0.status) }
    }

    enum CodingKeys: String, CodingKey {
        case status = "TableStatus"
        case keys = "KeySchema"
        case indexes = "GlobalSecondaryIndexes"
    }
}
