internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct PresetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets",
        abstract: "Lists the presets, shows one, or says what is wrong with a file.",
        subcommands: [PresetsShowCommand.self, PresetsCheckCommand.self],
        defaultSubcommand: PresetsShowCommand.self
    )
}

struct PresetsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Lists the presets, or shows all fields of one."
    )

    @Argument(help: "A preset's name, id or JSON file (default: list all).")
    var name: String?

    @Flag(help: "Print JSON: the document of one, or an object a line of all.")
    var json = false

    func run() throws {
        let library = try CommandSettings.presets()
        guard let name else {
            for document in library.documents().sorted(by: { $0.name < $1.name }) { list(document) }
            return
        }
        do {
            let document = try library.document(name)
            let preset = try Preset(json: document.json, named: document.name)
            if json {
                Console.print(String(decoding: document.json, as: UTF8.self).trimmed)
            } else {
                show(preset, document)
            }
        } catch {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        }
    }

    private func list(_ document: PresetLibrary.Document) {
        let preset = try? Preset(json: document.json, named: document.name)
        if json {
            var fields: [String: any Sendable] = [
                "name": document.name, "id": document.id, "isUsable": preset?.inabilities.isEmpty ?? false,
            ]
            fields["description"] = document.text
            fields["container"] = preset?.container.rawValue
            fields["video"] = preset?.video?.codec.rawValue
            fields["audio"] = preset?.audio?.codec.rawValue
            Console.event(fields)
            return
        }
        let columns = [
            document.name.padded(to: 25), document.id.padded(to: 21),
            (preset.map(PresetDescription.line) ?? "cannot be used").padded(to: 58), document.text ?? "",
        ]
        Console.print(columns.joined(separator: " ").trimmed)
    }

    private func show(_ preset: Preset, _ document: PresetLibrary.Document) {
        Console.print("\(document.name): \(preset.name)")
        if let text = document.text { Console.print("  \(text)") }
        for (name, value) in PresetDescription.fields(preset) {
            Console.print("  \(name.padded(to: 24)) \(value)")
        }
        for problem in preset.inabilities { Console.print("  cannot be made yet: \(problem)") }
    }
}

struct PresetsCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says everything that is wrong with preset files."
    )

    @Argument(help: "The JSON files.")
    var files: [String]

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("name at least one file") }
    }

    func run() throws {
        var isWrong = false
        for file in files {
            let problems = problems(of: file)
            for problem in problems { Console.error("recast: \(file): \(problem)") }
            if problems.isEmpty { Console.print("\(file): nothing is wrong") }
            isWrong = isWrong || !problems.isEmpty
        }
        if isWrong { throw CommandFailure(status: ExitStatus.usage) }
    }

    private func problems(of file: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: file) else { return ["it cannot be read"] }
        let problems = Preset.problems(in: data)
        guard problems.isEmpty, let preset = try? Preset(json: data, named: file) else { return problems }
        return preset.inabilities.map { "\($0) cannot be made yet" }
    }
}

extension String {
    /// With spaces up to `count` characters, and at least one.
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: " ", count: max(1, count - self.count))
    }

    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
