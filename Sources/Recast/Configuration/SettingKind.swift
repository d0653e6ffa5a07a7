internal import Foundation

/// What a setting was given: one text, or, from a file, a list of texts.
enum SettingText: Sendable, Equatable {
    case text(String)
    case list([String])

    /// Whether it counts as not set.
    var isEmpty: Bool { self == .text("") }

    var single: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The parts of a text at its commas, or the list as it is.
    var parts: [String] {
        switch self {
        case .list(let list): list
        case .text(let text):
            text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
    }

    var description: String {
        switch self {
        case .text(let text): text
        case .list(let list): list.joined(separator: ", ")
        }
    }
}

/// How a value is read from text, checked and shown.
struct SettingKind<Value> {
    /// What is allowed, to complete "must be …".
    let allowed: String
    /// The value, or `nil` when the text is not allowed.
    let parse: (SettingText) -> Value?
    /// The value as `recast config` shows it: a text, number, truth or list of texts, and no secret.
    var show: (Value) -> any Sendable
    /// A text that is not allowed, as an error shows it.
    var showWrong: (SettingText) -> String = { "\"\($0.description)\"" }
}

extension SettingKind<String> {
    static func text(
        _ allowed: String = "a text",
        where isAllowed: @escaping (String) -> Bool = { _ in true }
    ) -> Self {
        SettingKind(
            allowed: allowed,
            parse: { given in given.single.flatMap { isAllowed($0) ? $0 : nil } },
            show: { $0 }
        )
    }

    static var secret: Self {
        SettingKind(
            allowed: "a text of 16 to 1024 bytes",
            parse: { given in given.single.flatMap { (16...1024).contains($0.utf8.count) ? $0 : nil } },
            show: { _ in "***" },
            showWrong: { _ in "***" }
        )
    }

    static var bucket: Self {
        text("a bucket's name: 3 to 63 lower-case letters, digits, '.' and '-'") { text in
            (3...63).contains(text.utf8.count) && text.wholeMatch(of: #/[a-z0-9][a-z0-9.-]*[a-z0-9]/#) != nil
        }
    }

    static var folder: Self {
        text("a folder that exists") { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }

    static var table: Self {
        text("a table's name: 3 to 255 letters, digits, '_', '.' and '-'") { text in
            (3...255).contains(text.utf8.count) && text.wholeMatch(of: #/[A-Za-z0-9_.\-]+/#) != nil
        }
    }

    /// An address, of which what follows the host is shown only when it cannot be a secret.
    static func address(hidesPath: Bool) -> Self {
        SettingKind(
            allowed: "an http:// or https:// address without a password",
            parse: { given in given.single.flatMap { WebAddress($0) == nil ? nil : $0 } },
            show: { hidesPath ? WebAddress($0)?.shortened ?? "***" : $0 },
            showWrong: { given in
                hidesPath || given.description.contains("@") ? "***" : "\"\(given.description)\""
            }
        )
    }

    /// Where notifications go.
    static var topic: Self {
        SettingKind(
            allowed: "a topic's ARN, an http:// or https:// address without a password, or a name",
            parse: { given in
                guard let text = given.single else { return nil }
                let isName = text.wholeMatch(of: #/[A-Za-z0-9_\-]{1,256}/#) != nil
                let isARN =
                    text.wholeMatch(of: #/arn:[a-z\-]+:sns:[a-z0-9\-]*:\d*:[A-Za-z0-9_\-]{1,256}/#) != nil
                return isName || isARN || WebAddress(text) != nil ? text : nil
            },
            show: { WebAddress($0)?.shortened ?? $0 },
            showWrong: { $0.description.contains("/") ? "***" : "\"\($0.description)\"" }
        )
    }
}

extension SettingKind<[String]> {
    static func list(_ allowed: String) -> Self {
        SettingKind(
            allowed: allowed,
            parse: { given in given.parts.contains("") ? nil : given.parts },
            show: { $0 }
        )
    }
}

extension SettingKind<Int> {
    static func whole(_ range: ClosedRange<Int>) -> Self {
        SettingKind(
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { given in given.single.flatMap(Int.init).flatMap { range.contains($0) ? $0 : nil } },
            show: { $0 }
        )
    }
}

extension SettingKind<Double> {
    static func number(_ range: ClosedRange<Double>, of unit: String = "") -> Self {
        let (least, most) = (range.lowerBound.formatted, range.upperBound.formatted)
        return SettingKind(
            allowed: "a number \(unit.isEmpty ? "" : "of \(unit) ")from \(least) to \(most)",
            parse: { given in given.single.flatMap(Double.init).flatMap { range.contains($0) ? $0 : nil } },
            show: { $0 }
        )
    }
}

extension SettingKind<Int64> {
    /// A number of bytes, plain or with a unit: kB, MB, GB and TB count thousands, KiB, MiB, … 1024s.
    static func bytes(_ range: ClosedRange<Int64>) -> Self {
        SettingKind(
            allowed:
                "a number of bytes from \(range.lowerBound) to \(range.upperBound), such as 500MB or 20GiB",
            parse: { given in given.single.flatMap(byteCount).flatMap { range.contains($0) ? $0 : nil } },
            show: { $0 }
        )
    }

    private static func byteCount(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: #/(\d+)\s*(?:([kKMGT])(i?))?B?/#) else { return nil }
        guard let number = Int64(match.1) else { return nil }
        let power =
            match.2.flatMap { "KMGT".firstIndex(of: Character($0.uppercased())) }
            .map { "KMGT".distance(from: "KMGT".startIndex, to: $0) + 1 } ?? 0
        let base: Int64 = match.3 == "i" ? 1024 : 1000
        var count = number
        for _ in 0..<power {
            let (product, overflow) = count.multipliedReportingOverflow(by: base)
            guard !overflow else { return nil }
            count = product
        }
        return count
    }
}

extension SettingKind<Bool> {
    static var truth: Self {
        let words = [
            "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false,
            "0": false,
        ]
        return SettingKind(
            allowed: "true or false",
            parse: { given in given.single.flatMap { words[$0.lowercased()] } },
            show: { $0 }
        )
    }
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable {
    static var choice: Self {
        let words = Value.allCases.map(\.rawValue)
        return SettingKind(
            allowed: words.dropLast().joined(separator: ", ") + " or " + (words.last ?? ""),
            parse: { given in given.single.flatMap { Value(rawValue: $0.lowercased()) } },
            show: { $0.rawValue }
        )
    }
}

extension Double {
    /// Without a fraction when there is none.
    var formatted: String { self == rounded() && abs(self) < 1e15 ? String(Int64(self)) : String(self) }
}
