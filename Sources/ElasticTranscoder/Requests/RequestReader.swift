internal import Foundation

/// Reads a request's values and holds them against the constraints of their shapes.
struct RequestReader {
    /// Further ones are not looked for.
    static let violationLimit = 50

    private(set) var violations: [String] = []

    /// The members that the operation has and the request gives; unknown ones are left out.
    ///
    /// - Throws: every constraint that is broken, at once.
    static func read(_ call: Router.Call, _ request: APIRequest) throws(APIError) -> JSONValue {
        let body = try body(of: request)
        var reader = RequestReader()
        var values: [String: JSONValue] = [:]
        for member in call.operation.input {
            let value: JSONValue? =
                switch member.place {
                case .body: body[member.name]
                case .path: call.pathValues[member.name].map(JSONValue.string)
                case .query: request.query.first { $0.name == member.name }.map { .string($0.value) }
                }
            let path = Self.path(member.name)
            if let value {
                values[member.name] = try reader.check(value, member.shape, path)
            } else if member.isRequired {
                reader.add("Value null at '\(path)' failed to satisfy constraint: Member must not be null")
            }
        }
        guard reader.violations.isEmpty else { throw APIError(violations: reader.violations) }
        return .object(values)
    }

    private static func body(of request: APIRequest) throws(APIError) -> JSONValue {
        guard !request.body.isEmpty, request.method != "GET", request.method != "DELETE" else {
            return .object([:])
        }
        guard let body = JSONValue(json: request.body) else {
            throw APIError(.serialization, "The body is not JSON.")
        }
        guard case .object = body else { throw APIError(.serialization, "The body is not a JSON object.") }
        return body
    }

    /// A member's name as messages write it.
    static func path(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

    private mutating func add(_ violation: String) {
        if violations.count < Self.violationLimit { violations.append(violation) }
    }

    private mutating func check(
        _ value: JSONValue,
        _ name: String,
        _ path: String
    ) throws(APIError) -> JSONValue {
        guard let shape = APIDescription.shapes[name] else { return value }
        switch (shape.kind, value) {
        case (.text(let pattern, let minimum, let maximum), .string(let text)):
            check(text, shape, path, pattern: pattern, minimum: minimum, maximum: maximum)
            return value
        case (.integer, .integer), (.long, .integer): return value
        case (.list(let element, let maximum), .array(let values)):
            check(count: values.count, of: value, maximum: maximum, path)
            var checked: [JSONValue] = []
            for (index, value) in values.enumerated() where value != .null {
                checked.append(try check(value, element, "\(path).\(index + 1).member"))
            }
            return .array(checked)
        case (.map(let element, let maximum), .object(let members)):
            check(count: members.count, of: value, maximum: maximum, path)
            for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
                _ = try check(.string(key), element, "\(path).key")
                _ = try check(value, element, "\(path).\(Self.excerpt(key)).member")
            }
            return .object(members.filter { $0.value != .null })
        case (.structure(let known), .object):
            var checked: [String: JSONValue] = [:]
            for member in known {
                guard let value = value[member.name] else { continue }
                checked[member.name] = try check(value, member.shape, "\(path).\(Self.path(member.name))")
            }
            return .object(checked)
        default:
            throw APIError(
                .serialization,
                "The value at '\(path)' is \(value.article), not \(shape.article)."
            )
        }
    }

    private mutating func check(
        _ text: String,
        _ shape: Shape,
        _ path: String,
        pattern: String?,
        minimum: Int?,
        maximum: Int?
    ) {
        // Roles have messages of their own.
        guard shape.name != "Role" else { return }
        func fails(_ constraint: String) {
            let shown = shape.isSecret ? "…" : Self.excerpt(text)
            add("Value '\(shown)' at '\(path)' failed to satisfy constraint: Member must \(constraint)")
        }
        let length = text.unicodeScalars.count
        if let maximum, length > maximum { return fails("have length less than or equal to \(maximum)") }
        if let minimum, length < minimum { return fails("have length greater than or equal to \(minimum)") }
        if let pattern, !Patterns.matches(text, pattern) {
            fails("satisfy regular expression pattern: \(pattern)")
        }
    }

    private mutating func check(count: Int, of value: JSONValue, maximum: Int?, _ path: String) {
        guard let maximum, count > maximum else { return }
        add(
            "Value '\(count) members' at '\(path)' failed to satisfy constraint: "
                + "Member must have length less than or equal to \(maximum)"
        )
    }

    /// The beginning of a text from outside.
    static func excerpt(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(256)
        return String(String.UnicodeScalarView(start))
            + (start.endIndex == text.unicodeScalars.endIndex ? "" : "…")
    }
}

extension JSONValue {
    /// What it is, for messages.
    fileprivate var article: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension Shape {
    /// What its values are, for messages.
    fileprivate var article: String {
        switch kind {
        case .text: "a string"
        case .integer, .long: "a whole number"
        case .list: "a list"
        case .map, .structure: "an object"
        }
    }
}
