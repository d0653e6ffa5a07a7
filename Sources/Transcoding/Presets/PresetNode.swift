/// A preset document's JSON; Elastic Transcoder spells every number and truth value as a string.
enum PresetNode: Decodable {
    case object([String: PresetNode])
    case list([PresetNode])
    case text(String)
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let isTrue = try? container.decode(Bool.self) {
            self = .text(isTrue ? "true" : "false")
        } else if let number = try? container.decode(Int.self) {
            self = .text("\(number)")
        } else if let number = try? container.decode(Double.self) {
            self = .text("\(number)")
        } else if let list = try? container.decode([PresetNode].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: PresetNode].self))
        }
    }
}

/// The members of one object of a document, and where it is.
struct PresetFields {
    let path: String
    let members: [String: PresetNode]

    subscript(name: String) -> PresetNode? {
        guard let node = members[name] else { return nil }
        if case .null = node { return nil }
        return node
    }

    func has(_ name: String) -> Bool { self[name] != nil }
    func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
