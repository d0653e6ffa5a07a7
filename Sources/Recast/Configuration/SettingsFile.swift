internal import Foundation
internal import Yams

/// A file of settings, YAML or JSON, laid out flat: `webhook.url`, `pipelines[0].id`.
struct SettingsFile {
    struct Value {
        let text: SettingText
        let line: Int
    }

    let path: String
    private(set) var values: [String: Value] = [:]
    /// How many mappings each list of mappings has.
    private(set) var counts: [String: Int] = [:]

    /// Why a file is none of settings.
    struct Failure: Error {
        let reason: String
    }

    init(path: String) throws(Failure) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(reason: "the file cannot be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure(reason: "the file is not UTF-8")
        }
        self.path = path
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw Failure(reason: Self.reason(error)) }
        guard let root, !Self.isNull(root) else { return }
        guard case .mapping(let mapping) = root else {
            throw Failure(reason: "the file must hold names and values")
        }
        try flatten(mapping, below: "")
    }

    private mutating func flatten(_ mapping: Node.Mapping, below path: String) throws(Failure) {
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                throw Failure(reason: "a name \(Self.place(key)) is not a text")
            }
            try flatten(value, at: path.isEmpty ? name.string : "\(path).\(name.string)")
        }
    }

    private mutating func flatten(_ node: Node, at path: String) throws(Failure) {
        if Self.isNull(node) { return }
        switch node {
        case .scalar(let scalar):
            values[path] = Value(text: .text(scalar.string), line: node.mark?.line ?? 0)
        case .mapping(let mapping):
            try flatten(mapping, below: path)
        case .sequence(let sequence):
            let texts = sequence.compactMap { $0.scalar?.string }
            if texts.count == sequence.count {
                values[path] = Value(text: .list(texts), line: node.mark?.line ?? 0)
                return
            }
            for (index, element) in sequence.enumerated() {
                guard case .mapping(let mapping) = element else {
                    throw Failure(reason: "the list \(path) mixes values \(Self.place(node))")
                }
                try flatten(mapping, below: "\(path)[\(index)]")
            }
            counts[path] = sequence.count
        case .alias:
            throw Failure(reason: "an alias \(Self.place(node)) refers to nothing")
        }
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func place(_ node: Node) -> String { "in line \(node.mark?.line ?? 0)" }

    /// What is wrong, without quoting the file, which may hold secrets.
    private static func reason(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "the file is neither YAML nor JSON: \(problem) in line \(mark.line)"
        case .duplicatedKeysInMapping(let names, let context):
            "\(names.joined(separator: ", ")) is set twice in line \(context.mark.line)"
        default: "the file is neither YAML nor JSON"
        }
    }
}
