/// Collects everything that is wrong with a document, not only the first thing.
struct FieldChecker {
    private(set) var problems: [String] = []

    mutating func refuse(_ place: String, _ value: String?, allowed: String) {
        problems.append("\(place) is \(value.map(FieldChecker.excerpt) ?? "missing"), allowed: \(allowed)")
    }

    /// The object `name` of `fields`; members other than `known` are refused.
    mutating func object(_ name: String, of fields: PresetFields, known: [String]) -> PresetFields? {
        guard let node = fields[name] else { return nil }
        guard case .object(let members) = node else {
            refuse(fields.place(name), "no object", allowed: "an object of members")
            return nil
        }
        let object = PresetFields(path: fields.place(name), members: members)
        checkNames(of: object, known: known)
        return object
    }

    mutating func checkNames(of fields: PresetFields, known: [String]) {
        for name in fields.members.keys.sorted() where !known.contains(name) {
            let list = known.isEmpty ? "no members" : "the members " + known.joined(separator: ", ")
            let place = fields.path.isEmpty ? "the preset" : fields.path
            problems.append("\(place) has the unknown member \(FieldChecker.excerpt(name)), allowed: \(list)")
        }
    }

    mutating func text(_ name: String, of fields: PresetFields) -> String? {
        switch fields[name] {
        case .text(let text): return text
        case nil, .null: return nil
        case .object, .list:
            refuse(fields.place(name), "no text", allowed: "a string")
            return nil
        }
    }

    /// What the text of a member stands for; `otherwise` when it is wrong, or left out and not required.
    mutating func choice<Value>(
        _ name: String,
        of fields: PresetFields,
        _ choices: [(String, Value)],
        otherwise: Value,
        isRequired: Bool = false
    ) -> Value {
        let text = text(name, of: fields)
        if text == nil, !isRequired || fields.has(name) { return otherwise }
        if let text, let found = choices.first(where: { $0.0 == text }) { return found.1 }
        let list = choices.isEmpty ? "nothing here" : choices.map(\.0).joined(separator: ", ")
        refuse(fields.place(name), text, allowed: list)
        return otherwise
    }

    /// A whole number; `nil` when it is wrong, left out, or one of `words`.
    mutating func number(
        _ name: String,
        of fields: PresetFields,
        in range: ClosedRange<Int>,
        or words: [String] = [],
        isEven: Bool = false,
        isRequired: Bool = false
    ) -> Int? {
        let text = text(name, of: fields)
        if text == nil, !isRequired || fields.has(name) { return nil }
        if let text, words.contains(text) { return nil }
        if let text, let number = Int(text), range.contains(number), !isEven || number.isMultiple(of: 2) {
            return number
        }
        let numbers = "\(isEven ? "even numbers from " : "")\(range.lowerBound) to \(range.upperBound)"
        refuse(fields.place(name), text, allowed: (words + [numbers]).joined(separator: ", "))
        return nil
    }

    private static func excerpt(_ text: String) -> String {
        text.isEmpty ? "empty" : text.count > 60 ? text.prefix(60) + "…" : text
    }
}
