/// What a DynamoDB action is told; each action uses some of it.
struct DynamoDBRequest: Encodable, Sendable {
    var table: String
    var key: Item?
    var item: Item?
    var index: String?
    var isConsistent: Bool?
    var condition: String?
    var update: String?
    var keyCondition: String?
    var filter: String?
    var names: [String: String]?
    var values: [String: AttributeValue]?
    var limit: Int?
    var start: Item?
    var isAscending: Bool?

    init(table: String) { self.table = table }

    enum CodingKeys: String, CodingKey {
        case table = "TableName"
        case key = "Key"
        case item = "Item"
        case index = "IndexName"
        case isConsistent = "ConsistentRead"
        case condition = "ConditionExpression"
        case update = "UpdateExpression"
        case keyCondition = "KeyConditionExpression"
        case filter = "FilterExpression"
        case names = "ExpressionAttributeNames"
        case values = "ExpressionAttributeValues"
        case limit = "Limit"
        case start = "ExclusiveStartKey"
        case isAscending = "ScanIndexForward"
    }

    /// A placeholder for an attribute's name: many plain names are reserved words.
    mutating func name(_ attribute: String) -> String {
        let known = names ?? [:]
        if let placeholder = known.first(where: { $0.value == attribute })?.key { return placeholder }
        let placeholder = "#n\(known.count)"
        names = known.merging([placeholder: attribute]) { _, new in new }
        return placeholder
    }

    /// A placeholder for a value.
    mutating func value(_ value: AttributeValue) -> String {
        let known = values ?? [:]
        let placeholder = ":v\(known.count)"
        values = known.merging([placeholder: value]) { _, new in new }
        return placeholder
    }
}

/// Puts of several items that happen together or not at all.
struct TransactWriteRequest: Encodable, Sendable {
    struct Write: Encodable, Sendable {
        let put: DynamoDBRequest

        enum CodingKeys: String, CodingKey { case put = "Put" }
    }

    let writes: [Write]

    enum CodingKeys: String, CodingKey { case writes = "TransactItems" }
}

/// Keys of one table that are read together.
struct BatchGetRequest: Encodable, Sendable {
    struct Keys: Codable, Sendable {
        var keys: [Item]
        var isConsistent: Bool?

        enum CodingKeys: String, CodingKey {
            case keys = "Keys"
            case isConsistent = "ConsistentRead"
        }
    }

    var tables: [String: Keys]

    enum CodingKeys: String, CodingKey { case tables = "RequestItems" }
}

/// The answer to GetItem.
struct GetItemAnswer: Decodable {
    let item: Item?

    enum CodingKeys: String, CodingKey { case item = "Item" }
}

/// The answer to Query and Scan.
struct ItemsAnswer: Decodable {
    let items: [Item]
    /// Where the next page begins; `nil` on the last one.
    let next: Item?

    enum CodingKeys: String, CodingKey {
        case items = "Items"
        case next = "LastEvaluatedKey"
    }
}

/// The answer to BatchGetItem.
struct BatchGetAnswer: Decodable {
    let items: [String: [Item]]?
    let unprocessed: [String: BatchGetRequest.Keys]?

    enum CodingKeys: String, CodingKey {
        case items = "Responses"
        case unprocessed = "UnprocessedKeys"
    }
}

/// Why a transaction did not happen: one reason for each of its writes, in their order.
struct CancellationAnswer: Decodable {
    struct Reason: Decodable {
        let code: String?

        enum CodingKeys: String, CodingKey { case code = "Code" }
    }

    let reasons: [Reason]?

    enum CodingKeys: String, CodingKey { case reasons = "CancellationReasons" }
}

/// An answer of which nothing is needed.
struct EmptyAnswer: Decodable {}
