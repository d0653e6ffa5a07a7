/// How an output's object key is made from the input's: text with placeholders in braces.
///
/// For the key `a/b/clip.mov` in the bucket `media`, `{key}` is `a/b/clip.mov`, `{folder}` is `a/b/`,
/// `{name}` is `clip.mov`, `{stem}` is `clip`, `{extension}` is `mov` and `{bucket}` is `media`;
/// `{preset}` is the preset's name.
package struct KeyTemplate: Sendable, Equatable {
    package static let standard = "output/web/{key}"

    package enum Placeholder: String, Sendable, CaseIterable {
        case key, folder, name, stem, `extension`, preset, bucket
    }

    enum Part: Sendable, Equatable {
        case literal(String)
        case placeholder(Placeholder)
    }

    /// Why a text is no template.
    package struct Failure: Error, Sendable, Equatable {
        package let reason: String
    }

    let parts: [Part]

    package init(_ text: String) throws(Failure) {
        var parts: [Part] = []
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            if rest.first == "}" { throw Failure(reason: "it has a } without a {") }
            guard rest.first == "{" else {
                let literal = rest.prefix { $0 != "{" && $0 != "}" }
                parts.append(.literal(String(literal)))
                rest = rest[literal.endIndex...]
                continue
            }
            guard let end = rest.firstIndex(of: "}") else { throw Failure(reason: "it has a { without a }") }
            let name = String(rest[rest.index(after: rest.startIndex)..<end])
            guard let placeholder = Placeholder(rawValue: name) else {
                let known = Placeholder.allCases.map { "{\($0.rawValue)}" }.joined(separator: " ")
                throw Failure(reason: "it has the placeholder {\(name)}; there are \(known)")
            }
            parts.append(.placeholder(placeholder))
            rest = rest[rest.index(after: end)...]
        }
        self.parts = parts
    }

    /// What every output's key begins with: the text before the first placeholder.
    package var literalPrefix: String {
        guard case .literal(let text) = parts.first else { return "" }
        return text
    }

    /// Whether different inputs have different outputs, unless only their folders differ.
    var namesInput: Bool { [.key, .name, .stem].contains(where: uses) }

    func uses(_ placeholder: Placeholder) -> Bool { parts.contains(.placeholder(placeholder)) }

    /// The object key of an input's output.
    package func key(for input: String, in bucket: String, preset: String) -> String {
        let pieces = KeyPieces(input)
        return parts.reduce(into: "") { key, part in
            switch part {
            case .literal(let text): key += text
            case .placeholder(.key): key += input
            case .placeholder(.folder): key += pieces.folder
            case .placeholder(.name): key += pieces.name
            case .placeholder(.stem): key += pieces.stem
            case .placeholder(.extension): key += pieces.fileExtension
            case .placeholder(.preset): key += preset
            case .placeholder(.bucket): key += bucket
            }
        }
    }
}

/// The pieces of an object key.
///
/// Told apart by bytes: a slash followed by a combining accent is one `Character`, yet two in a key.
struct KeyPieces {
    /// With its slash; empty at the top.
    let folder: String
    let name: String
    /// The name without its extension.
    let stem: String
    /// Without its dot; empty when there is none.
    let fileExtension: String

    init(_ key: String) {
        let scalars = key.unicodeScalars
        let start = scalars.lastIndex(of: "/").map(scalars.index(after:)) ?? scalars.startIndex
        folder = String(scalars[..<start])
        let name = scalars[start...]
        self.name = String(name)
        // A name that only begins with a dot is hidden and has no extension.
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else {
            stem = String(name)
            fileExtension = ""
            return
        }
        stem = String(name[..<dot])
        fileExtension = String(name[name.index(after: dot)...])
    }
}
