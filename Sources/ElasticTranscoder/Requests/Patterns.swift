internal import Foundation

/// The expressions that texts have to match as a whole.
enum Patterns {
    /// Longer texts match none: no value that is used is as long, and expressions that look back are slow.
    static let lengthLimit = 4096

    /// Those of all shapes, made once.
    private static let expressions: [String: NSRegularExpression] = {
        var expressions: [String: NSRegularExpression] = [:]
        for case let shape in APIDescription.texts {
            guard case .text(let pattern?, _, _) = shape.kind else { continue }
            expressions[pattern] = expression(pattern)
        }
        return expressions
    }()

    static func matches(_ text: String, _ pattern: String) -> Bool {
        let length = text.utf16.count
        guard length <= lengthLimit, let expression = expressions[pattern] ?? expression(pattern) else {
            return false
        }
        return expression.firstMatch(in: text, range: NSRange(location: 0, length: length)) != nil
    }

    /// `\d` and `\w` mean ASCII, and `$` the very end.
    private static func expression(_ pattern: String) -> NSRegularExpression? {
        let ascii = pattern.replacingOccurrences(of: #"\d"#, with: "[0-9]")
            .replacingOccurrences(of: #"\w"#, with: "[0-9A-Za-z_]")
        return try? NSRegularExpression(pattern: #"\A(?:"# + ascii + #")\z"#)
    }
}
