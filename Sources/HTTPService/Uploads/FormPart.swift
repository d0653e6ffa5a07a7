internal import Foundation

/// What the headers of one part of a form say.
struct FormPart: Sendable, Equatable {
    let name: String
    let fileName: String?

    /// Reads header lines; `nil` when they are none or do not name the part.
    init?(headers: String) {
        var disposition: String?
        for line in headers.components(separatedBy: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            guard line[..<colon].lowercased() == "content-disposition" else { continue }
            guard disposition == nil else { return nil }
            disposition = String(line[line.index(after: colon)...])
        }
        guard let disposition else { return nil }
        let (kind, parameters) = HeaderParameters.split(disposition)
        guard kind.lowercased() == "form-data", let name = parameters["name"], !name.isEmpty else {
            return nil
        }
        self.name = Self.unescaped(name)
        fileName = parameters["filename"].map(Self.unescaped)
    }

    /// Undoes what browsers do to names (HTML Standard, "multipart/form-data encoding algorithm").
    private static func unescaped(_ name: String) -> String {
        name.replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
    }
}

/// A header's value and the parameters behind it, such as `form-data; name="key"`.
enum HeaderParameters {
    /// Parameter names are in lower case; of repeated ones the first counts.
    static func split(_ text: String) -> (value: String, parameters: [String: String]) {
        var rest = text.unicodeScalars[...]
        let value = trimmed(rest.prefix { $0 != ";" })
        rest = rest.drop { $0 != ";" }
        var parameters: [String: String] = [:]
        while rest.popFirst() != nil {
            let name = trimmed(rest.prefix { $0 != "=" && $0 != ";" }).lowercased()
            rest = rest.drop { $0 != "=" && $0 != ";" }
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let parameter: String
            if rest.first == "\"" {
                parameter = quoted(&rest)
            } else {
                parameter = trimmed(rest.prefix { $0 != ";" })
            }
            rest = rest.drop { $0 != ";" }
            if !name.isEmpty, parameters[name] == nil { parameters[name] = parameter }
        }
        return (value, parameters)
    }

    /// Takes a quoted text off the front.
    ///
    /// A backslash protects a quotation mark and itself alone, for some programs send paths as they are.
    private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String {
        var text = String.UnicodeScalarView()
        rest = rest.dropFirst()
        while let scalar = rest.popFirst(), scalar != "\"" {
            if scalar == "\\", let next = rest.first, next == "\"" || next == "\\" {
                rest = rest.dropFirst()
                text.append(next)
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    private static func trimmed(_ text: Substring.UnicodeScalarView) -> String {
        String(text).trimmingCharacters(in: .whitespaces)
    }
}
