package import Foundation

/// One value of a DynamoDB item, in the service's JSON (Amazon DynamoDB API Reference, "AttributeValue").
///
/// Numbers stay the decimal text they came as: DynamoDB keeps 38 digits, more than any number type here.
package indirect enum AttributeValue: Sendable, Equatable {
    case string(String)
    case number(String)
    case binary(Data)
    case bool(Bool)
    case null
    case list([AttributeValue])
    case map([String: AttributeValue])
    case stringSet([String])
    case numberSet([String])
    case binarySet([Data])

    package static func number(_ value: some BinaryInteger) -> AttributeValue { .number(String(value)) }

    /// The shortest decimal text that reads back as `value`.
    ///
    /// `nil` for what DynamoDB has no number for: infinities, NaN and magnitudes from 10^126 on.
    /// Magnitudes below 10^-130 become zero.
    package static func number(_ value: Double) -> AttributeValue? {
        guard value.isFinite, value.magnitude < 1e126 else { return nil }
        return .number(value.magnitude < 1e-130 ? "0" : "\(value)")
    }

    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The whole number this is, however it is written, if it fits.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        if let integer = Int64(text) { return integer }
        // Another writer may have stored 1.28e3. Decimal is exact where Double is not.
        guard let decimal = Decimal(string: text), let integer = Int64("\(decimal)") else { return nil }
        return integer
    }

    package var real: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Bytes counted towards an item's limit, never fewer than DynamoDB counts (Amazon DynamoDB Developer
    /// Guide, "DynamoDB Item sizes and formats").
    package var byteCount: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .number(let text): Self.byteCount(ofNumber: text)
        case .binary(let data): data.count
        case .bool, .null: 1
        case .list(let values): values.reduce(3) { $0 + $1.byteCount + 1 }
        case .map(let values): values.reduce(3) { $0 + $1.key.utf8.count + $1.value.byteCount + 1 }
        case .stringSet(let texts): texts.reduce(0) { $0 + $1.utf8.count }
        case .numberSet(let texts): texts.reduce(0) { $0 + Self.byteCount(ofNumber: $1) }
        case .binarySet(let parts): parts.reduce(0) { $0 + $1.count }
        }
    }

    private static func byteCount(ofNumber text: String) -> Int { min(21, text.utf8.count / 2 + 2) }
}

extension AttributeValue: Codable {
    private enum Kind: String, CodingKey {
        case string = "S"
        case number = "N"
        case binary = "B"
        case bool = "BOOL"
        case null = "NULL"
        case list = "L"
        case map = "M"
        case stringSet = "SS"
        case numberSet = "NS"
        case binarySet = "BS"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Kind.self)
        guard let kind = container.allKeys.first, container.allKeys.count == 1 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "an attribute value has one type")
            )
        }
        switch kind {
        case .string: self = .string(try container.decode(String.self, forKey: kind))
        case .number: self = .number(try container.decode(String.self, forKey: kind))
        case .binary: self = .binary(try container.decode(Data.self, forKey: kind))
        case .bool: self = .bool(try container.decode(Bool.self, forKey: kind))
        case .null: self = .null
        case .list: self = .list(try container.decode([AttributeValue].self, forKey: kind))
        case .map: self = .map(try container.decode([String: AttributeValue].self, forKey: kind))
        case .stringSet: self = .stringSet(try container.decode([String].self, forKey: kind))
        case .numberSet: self = .numberSet(try container.decode([String].self, forKey: kind))
        case .binarySet: self = .binarySet(try container.decode([Data].self, forKey: kind))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        switch self {
        case .string(let text): try container.encode(text, forKey: .string)
        case .number(let text): try container.encode(text, forKey: .number)
        case .binary(let data): try container.encode(data, forKey: .binary)
        case .bool(let value): try container.encode(value, forKey: .bool)
        case .null: try container.encode(true, forKey: .null)
        case .list(let values): try container.encode(values, forKey: .list)
        case .map(let values): try container.encode(values, forKey: .map)
        case .stringSet(let texts): try container.encode(texts, forKey: .stringSet)
        case .numberSet(let texts): try container.encode(texts, forKey: .numberSet)
        case .binarySet(let parts): try container.encode(parts, forKey: .binarySet)
        }
    }
}

/// One row of a table: attribute names and their values.
package typealias Item = [String: AttributeValue]

extension Item {
    /// Bytes an item may have, names included.
    package static let maximumByteCount = 400 << 10

    package var byteCount: Int { reduce(0) { $0 + $1.key.utf8.count + $1.value.byteCount } }
}
