internal import Foundation

/// An element of an XML answer: its name without prefix, its elements and its text.
///
/// Reads what the services write (elements, text, CDATA, comments) and refuses what they do not: document
/// types, and with them entities of one's own, depth without end.
struct XMLNode: Equatable {
    struct Malformed: Error {}

    let name: String
    fileprivate(set) var children: [XMLNode] = []
    fileprivate(set) var text = ""

    static func parse(_ data: Data) throws(Malformed) -> XMLNode {
        var reader = XMLReader(data)
        return try reader.document()
    }

    func first(_ name: String) -> XMLNode? { children.first { $0.name == name } }
    func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }
    /// The text of the first child called `name`.
    func text(_ name: String) -> String? { first(name)?.text }

    /// The element as XML again; its attributes are not known any more.
    var document: String {
        "<\(name)>" + (children.isEmpty ? Self.escaped(text) : children.map(\.document).joined())
            + "</\(name)>"
    }

    /// Text as it may stand between tags.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\u{0}"..<"\u{20}": escaped += "&#x\(String(scalar.value, radix: 16));"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Reads one document from beginning to end.
private struct XMLReader {
    private let bytes: [UInt8]
    private var position = 0
    private static let maximumDepth = 64

    init(_ data: Data) { bytes = [UInt8](data) }

    mutating func document() throws(XMLNode.Malformed) -> XMLNode {
        _ = skip("\u{feff}")
        var open: [XMLNode] = []
        while position < bytes.count {
            if try skipNote(hasElement: !open.isEmpty) { continue }
            if skip("<![CDATA[") {
                guard !open.isEmpty else { throw XMLNode.Malformed() }
                open[open.count - 1].text += try text(until: "]]>")
            } else if skip("</") {
                let name = Self.local(try text(until: ">"))
                guard let element = open.popLast(), element.name == name else { throw XMLNode.Malformed() }
                guard !open.isEmpty else { return element }
                open[open.count - 1].children.append(element)
            } else if skip("<") {
                let (element, isEmpty) = try openingTag()
                if !isEmpty {
                    open.append(element)
                } else if open.isEmpty {
                    return element
                } else {
                    open[open.count - 1].children.append(element)
                }
                guard open.count <= Self.maximumDepth else { throw XMLNode.Malformed() }
            } else {
                let text = try unescaped(take { $0 != UInt8(ascii: "<") })
                if !open.isEmpty { open[open.count - 1].text += text }
            }
        }
        throw XMLNode.Malformed()
    }

    /// Skips a declaration or a comment; a document type is refused.
    private mutating func skipNote(hasElement: Bool) throws(XMLNode.Malformed) -> Bool {
        if skip("<?") {
            _ = try text(until: "?>")
            return true
        }
        if skip("<!--") {
            _ = try text(until: "-->")
            return true
        }
        guard !skip("<!DOCTYPE") else { throw XMLNode.Malformed() }
        return false
    }

    private mutating func openingTag() throws(XMLNode.Malformed) -> (XMLNode, isEmpty: Bool) {
        let start = position
        var quote: UInt8?
        while position < bytes.count, quote != nil || bytes[position] != UInt8(ascii: ">") {
            let byte = bytes[position]
            if quote == byte {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            }
            position += 1
        }
        guard position < bytes.count else { throw XMLNode.Malformed() }
        let tag = bytes[start..<position]
        position += 1
        let isEmpty = tag.last == UInt8(ascii: "/")
        let name = tag.prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") }
        guard !name.isEmpty else { throw XMLNode.Malformed() }
        return (XMLNode(name: Self.local(String(decoding: name, as: UTF8.self))), isEmpty)
    }

    private static func local(_ name: String) -> String {
        let name = name.trimmingCharacters(in: .whitespacesAndNewlines)
        return name.split(separator: ":").last.map(String.init) ?? name
    }

    private mutating func skip(_ token: String) -> Bool {
        guard bytes[position...].starts(with: token.utf8) else { return false }
        position += token.utf8.count
        return true
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let taken = bytes[position...].prefix(while: condition)
        position = taken.endIndex
        return String(decoding: taken, as: UTF8.self)
    }

    private mutating func text(until end: String) throws(XMLNode.Malformed) -> String {
        let start = position
        while position < bytes.count {
            let stop = position
            if skip(end) { return String(decoding: bytes[start..<stop], as: UTF8.self) }
            position += 1
        }
        throw XMLNode.Malformed()
    }

    private func unescaped(_ text: String) throws(XMLNode.Malformed) -> String {
        guard text.contains("&") else { return text }
        var parts = text.split(separator: "&", omittingEmptySubsequences: false)
        var plain = String(parts.removeFirst())
        for part in parts {
            guard let end = part.firstIndex(of: ";"), let scalar = Self.entity(part[..<end]) else {
                throw XMLNode.Malformed()
            }
            plain.unicodeScalars.append(scalar)
            plain += part[part.index(after: end)...]
        }
        return plain
    }

    private static func entity(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        if name.hasPrefix("#x") { return UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init) }
        guard name.hasPrefix("#") else { return nil }
        return UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
    }
}
