/// What a value of the API may be.
struct Shape: Sendable {
    enum Kind: Sendable {
        case text(pattern: String?, minimum: Int?, maximum: Int?)
        case integer
        case long
        case list(of: String, maximum: Int?)
        /// Texts by names, both of the same shape.
        case map(of: String, maximum: Int?)
        case structure([Member])
    }

    let name: String
    let kind: Kind
    /// Its values are not shown in messages.
    var isSecret = false

    init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    static func text(
        _ name: String,
        pattern: String? = nil,
        minimum: Int? = nil,
        maximum: Int? = nil
    ) -> Shape {
        Shape(name, .text(pattern: pattern, minimum: minimum, maximum: maximum))
    }

    static func secret(_ name: String, pattern: String) -> Shape {
        var shape = Shape.text(name, pattern: pattern)
        shape.isSecret = true
        return shape
    }

    /// One of several expressions.
    static func choice(_ name: String, _ expressions: String...) -> Shape {
        .text(name, pattern: expressions.map { "(^\($0)$)" }.joined(separator: "|"))
    }

    static func list(_ name: String, of element: String, maximum: Int? = nil) -> Shape {
        Shape(name, .list(of: element, maximum: maximum))
    }

    static func map(_ name: String, of element: String, maximum: Int? = nil) -> Shape {
        Shape(name, .map(of: element, maximum: maximum))
    }

    /// A structure none of whose members is required.
    static func structure(_ name: String, _ members: KeyValuePairs<String, String>) -> Shape {
        Shape(name, .structure(members.map { .inBody($0.key, $0.value) }))
    }
}

/// A member of a structure, a request or an answer.
struct Member: Sendable {
    enum Place: Sendable { case body, path, query }

    let name: String
    let shape: String
    var place = Place.body
    var isRequired = false

    static func inBody(_ name: String, _ shape: String, isRequired: Bool = false) -> Member {
        Member(name: name, shape: shape, isRequired: isRequired)
    }

    static func inPath(_ name: String, _ shape: String) -> Member {
        Member(name: name, shape: shape, place: .path, isRequired: true)
    }

    static func inQuery(_ name: String, _ shape: String) -> Member {
        Member(name: name, shape: shape, place: .query)
    }
}
