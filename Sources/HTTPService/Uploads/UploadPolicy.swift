internal import Foundation

/// A POST policy as an upload brings it back.
///
/// Amazon S3 API Reference, "POST policy".
struct UploadPolicy: Sendable {
    private enum Condition: Sendable {
        case equals(field: String, String)
        case startsWith(field: String, String)
        case byteCount(ClosedRange<Int64>)
    }

    private let expires: Date
    private let conditions: [Condition]

    /// Reads the form field `policy`.
    init(_ encoded: String) throws(UploadRefusal) {
        guard let data = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters), !data.isEmpty,
            let document = try? JSONDecoder().decode(Document.self, from: data)
        else { throw .document("Invalid JSON.") }
        guard let expires = Self.date(document.expiration) else {
            throw .document("Invalid 'expiration' value.")
        }
        self.expires = expires
        var conditions: [Condition] = []
        for member in document.conditions { conditions += try Self.conditions(member) }
        self.conditions = conditions
    }

    /// Bytes the file may have.
    var byteCount: ClosedRange<Int64> {
        conditions.reduce(0...Int64.max) { range, condition in
            guard case .byteCount(let limits) = condition else { return range }
            return range.clamped(to: limits)
        }
    }

    /// Holds a form against the policy.
    ///
    /// `fields` are by their names in lower case, those that prove who made the policy included, and have
    /// their variables replaced.
    func check(_ fields: [String: String], bucket: String, now: Date) throws(UploadRefusal) {
        guard now < expires else { throw .policy("Policy expired.") }
        var covered: Set<String> = []
        for condition in conditions {
            switch condition {
            case .equals(let field, let value):
                covered.insert(field)
                guard Self.isSame(Self.value(field, fields, bucket), value) else {
                    throw .policy(#"Policy Condition failed: ["eq", "$\#(field)", "\#(value)"]"#)
                }
            case .startsWith(let field, let start):
                covered.insert(field)
                guard Self.value(field, fields, bucket).utf8.starts(with: start.utf8) else {
                    throw .policy(#"Policy Condition failed: ["starts-with", "$\#(field)", "\#(start)"]"#)
                }
            case .byteCount: break
            }
        }
        let extra = fields.keys.filter { !covered.contains($0) && !Self.needsNoCondition($0) }
        guard extra.isEmpty else {
            throw .policy("Extra input fields: \(extra.sorted().joined(separator: ", "))")
        }
    }

    /// A field that the form lacks counts as empty.
    private static func value(_ field: String, _ fields: [String: String], _ bucket: String) -> String {
        field == "bucket" ? bucket : fields[field] ?? ""
    }

    /// Swift calls texts equal that only look the same; keys are bytes.
    private static func isSame(_ first: String, _ second: String) -> Bool {
        first.utf8.elementsEqual(second.utf8)
    }

    private static func needsNoCondition(_ field: String) -> Bool {
        ["policy", "x-amz-signature", "file"].contains(field) || field.hasPrefix("x-ignore-")
    }

    private static func conditions(_ member: Document.Member) throws(UploadRefusal) -> [Condition] {
        switch member {
        case .object(let values):
            return values.map { .equals(field: $0.key.lowercased(), $0.value) }
        case .list(let parts):
            guard parts.count == 3 else { throw .document("Invalid Condition: wrong number of arguments.") }
            if case .text("content-length-range") = parts[0] {
                guard let low = parts[1].number, let high = parts[2].number, low >= 0, low <= high else {
                    throw .document("Invalid content-length-range.")
                }
                return [.byteCount(low...high)]
            }
            guard case .text(let rule) = parts[0], case .text(let field) = parts[1],
                case .text(let value) = parts[2], field.hasPrefix("$")
            else { throw .document("Invalid Condition.") }
            let name = field.dropFirst().lowercased()
            switch rule.lowercased() {
            case "eq": return [.equals(field: name, value)]
            case "starts-with": return [.startsWith(field: name, value)]
            default: throw .document("Invalid Condition: unknown operation '\(rule)'.")
            }
        }
    }

    private static func date(_ text: String) -> Date? {
        let format = Date.ISO8601FormatStyle()
        return (try? Date(text, strategy: format))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}

/// A policy's JSON.
private struct Document: Decodable {
    enum Part {
        case text(String)
        case integer(Int64)

        var number: Int64? {
            switch self {
            case .text(let text): Int64(text)
            case .integer(let value): value
            }
        }
    }

    enum Member {
        case object([String: String])
        case list([Part])
    }

    let expiration: String
    let conditions: [Member]
}

extension Document.Part: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .text(text)
        } else {
            self = .integer(try value.decode(Int64.self))
        }
    }
}

extension Document.Member: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let object = try? value.decode([String: String].self) {
            self = .object(object)
        } else {
            self = .list(try value.decode([Document.Part].self))
        }
    }
}
