package import Foundation
internal import Jobs

/// A JSON value.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The value of a JSON text; `nil` when it is none.
    init?(json: Data) {
        guard let value = try? JSONSerialization.jsonObject(with: json, options: [.fragmentsAllowed]) else {
            return nil
        }
        self.init(foundation: value)
    }

    private init(foundation value: Any) {
        switch value {
        case let text as String: self = .string(text)
        case let values as [Any]: self = .array(values.map(JSONValue.init(foundation:)))
        case let members as [String: Any]: self = .object(members.mapValues(JSONValue.init(foundation:)))
        case let number as NSNumber:
            switch String(cString: number.objCType) {
            // Foundation has no type of its own for truth values but that of a C character.
            case "c": self = .bool(number.boolValue)
            case "q": self = .integer(number.int64Value)
            default:
                let value = number.doubleValue
                self = Int64(exactly: value).map(JSONValue.integer) ?? .number(value)
            }
        default: self = .null
        }
    }

    init(optional text: String?) { self = text.map(JSONValue.string) ?? .null }
    init(optional number: Int64?) { self = number.map(JSONValue.integer) ?? .null }
    init(optional number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }

    /// A member of an object; `nil` when it is absent or null.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[name], value != .null else { return nil }
        return value
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array; none when it is something else.
    var elements: [JSONValue] {
        guard case .array(let values) = self else { return [] }
        return values
    }

    /// The members of an object; none when it is something else.
    var members: [String: JSONValue] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    /// The members of an object that are texts.
    var texts: [String: String] { members.compactMapValues(\.text) }

    /// JSON without spaces, the members of objects in the order of their names.
    package var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): value.isFinite ? "\(value)" : "null"
        case .string(let text): JSONText.quoted(text)
        case .array(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { JSONText.quoted($0.key) + ":" + $0.value.json }
                .joined(separator: ",") + "}"
        }
    }

    package var data: Data { Data(json.utf8) }
}
