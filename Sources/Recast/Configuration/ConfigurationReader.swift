/// Who set a setting.
enum SettingSource: Sendable, Equatable {
    case flag(String)
    case environment(String)
    case file(String, line: Int)
    case standard
    /// It follows from another setting.
    case implied(String)

    var description: String {
        switch self {
        case .flag(let name), .environment(let name): name
        case .file(let path, let line): "\(path), line \(line)"
        case .standard: "default"
        case .implied(let name): "implied by \(name)"
        }
    }
}

/// A setting that cannot be used.
struct SettingProblem: Sendable, Equatable {
    let setting: String
    /// Never a secret; `nil` when there is no value to show.
    let value: String?
    let source: SettingSource?
    let reason: String

    var description: String {
        let place = source.map { " (\($0.description))" } ?? ""
        return setting + (value.map { " = \($0)" } ?? "") + place + ": " + reason
    }
}

/// Every setting that cannot be used.
struct ConfigurationError: Error {
    let problems: [SettingProblem]
}

/// One setting as it is in effect.
struct SettingEntry: Sendable {
    let name: String
    /// A text, number, truth or list of texts, and no secret; `nil` when it is not set.
    let value: (any Sendable)?
    let source: SettingSource
    let variable: String?

    var text: String {
        switch value {
        case nil: "-"
        case let list as [String]: list.isEmpty ? "-" : list.joined(separator: ", ")
        case let number as Double: number.formatted
        case let text as String: text.isEmpty ? "-" : text
        case .some(let other): "\(other)"
        }
    }
}

/// Looks settings up: flags before the environment, that before the file, and the default last.
///
/// It goes on after a problem, so that all of them can be told at once, and remembers which settings there
/// are, so that everything else can be called unknown. An empty text counts as not set.
struct ConfigurationReader {
    private let flags: [String: String]
    private let environment: [String: String]
    private let file: SettingsFile?
    private(set) var entries: [SettingEntry] = []
    private(set) var problems: [SettingProblem] = []

    init(flags: [String: String], environment: [String: String], file: SettingsFile?) {
        self.flags = flags
        self.environment = environment
        self.file = file
    }

    /// The value of a setting, its default when it is not set, or when what it was given is not allowed.
    mutating func read<Value>(
        _ name: String,
        _ variable: String?,
        _ kind: SettingKind<Value>,
        default standard: @autoclosure () -> Value,
        impliedBy implication: String? = nil
    ) -> Value {
        if let value = given(name, variable, kind) { return value }
        let value = standard()
        let source = implication.map { SettingSource.implied($0) } ?? .standard
        entries.append(SettingEntry(name: name, value: kind.show(value), source: source, variable: variable))
        return value
    }

    /// The value of a setting that need not have one; without it, `fallback` is shown as what is in effect.
    mutating func read<Value>(
        _ name: String,
        _ variable: String?,
        _ kind: SettingKind<Value>,
        fallback: Value? = nil,
        impliedBy implication: String? = nil
    ) -> Value? {
        if let value = given(name, variable, kind) { return value }
        let source = fallback == nil ? nil : implication.map { SettingSource.implied($0) }
        entries.append(
            SettingEntry(
                name: name,
                value: fallback.map(kind.show),
                source: source ?? .standard,
                variable: variable
            )
        )
        return nil
    }

    private mutating func given<Value>(
        _ name: String,
        _ variable: String?,
        _ kind: SettingKind<Value>
    ) -> Value? {
        guard let (text, source) = lookUp(name, variable) else { return nil }
        guard let value = kind.parse(text) else {
            let reason = "must be \(kind.allowed)"
            problems.append(
                SettingProblem(setting: name, value: kind.showWrong(text), source: source, reason: reason)
            )
            return nil
        }
        entries.append(SettingEntry(name: name, value: kind.show(value), source: source, variable: variable))
        return value
    }

    private func lookUp(_ name: String, _ variable: String?) -> (SettingText, SettingSource)? {
        if let text = flags[name], !text.isEmpty {
            return (.text(text), .flag(ConfigurationOptions.flag(for: name)))
        }
        if let variable, let text = environment[variable], !text.isEmpty {
            return (.text(text), .environment(variable))
        }
        if let file, let value = file.values[name], !value.text.isEmpty {
            return (value.text, .file(file.path, line: value.line))
        }
        return nil
    }

    /// How many mappings the file lists under a name.
    func count(of name: String) -> Int { file?.counts[name] ?? 0 }

    /// Adds a problem of a setting that was read already.
    mutating func report(_ name: String, _ reason: String) {
        let entry = entries.last { $0.name == name }
        let advice = entry?.source == .standard ? entry?.variable.map { "; set \($0)" } ?? "" : ""
        problems.append(
            SettingProblem(
                setting: name,
                value: entry?.value == nil ? nil : entry.map { "\"\($0.text)\"" },
                source: entry?.source,
                reason: reason + advice
            )
        )
    }

    /// Adds a problem for everything in the file and every variable of ours that is no setting.
    mutating func reportUnknown(otherVariables: Set<String>) {
        let names = Set(entries.map(\.name)).union(problems.map(\.setting))
        if let file {
            for (name, value) in file.values.sorted(by: { $0.value.line < $1.value.line })
            where !names.contains(name) {
                problems.append(
                    SettingProblem(
                        setting: name,
                        value: nil,
                        source: .file(file.path, line: value.line),
                        reason: unknown(name, Spelling.suggestion(for: name, among: names))
                    )
                )
            }
        }
        let variables = Set(entries.compactMap(\.variable)).union(otherVariables)
        for name in environment.keys.sorted() where name.hasPrefix("RECAST_") && !variables.contains(name) {
            let suggestion =
                Spelling.variable(name, of: entries)
                ?? Spelling.suggestion(for: name, among: variables)
            problems.append(
                SettingProblem(
                    setting: name,
                    value: nil,
                    source: .environment("environment"),
                    reason: unknown(name, suggestion)
                )
            )
        }
    }

    private func unknown(_ name: String, _ suggestion: String?) -> String {
        "there is no such setting" + (suggestion.map { "; did you mean \($0)?" } ?? "")
    }
}
