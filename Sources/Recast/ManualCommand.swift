internal import ArgumentParser
internal import Foundation

/// `recast manual`: the manual page, for `make install`.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Prints the manual page, for man to read.",
        shouldDisplay: false
    )

    func run() throws {
        let description = try JSONDecoder().decode(
            CommandDescription.Root.self,
            from: Data(Recast._dumpHelp().utf8)
        )
        print(ManualPage(description.command).text)
    }
}

/// What ArgumentParser says of a command, as far as a manual page needs it.
struct CommandDescription: Decodable {
    struct Root: Decodable {
        let command: CommandDescription
    }

    struct Argument: Decodable, Hashable {
        struct Name: Decodable, Hashable {
            let kind: String
            let name: String
        }

        let kind: String
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let defaultValue: String?
        let allValueStrings: [String]?
    }

    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool
    let arguments: [Argument]?
    let subcommands: [CommandDescription]?

    /// The commands below it that have none below them.
    var leaves: [CommandDescription] {
        guard let subcommands, !subcommands.isEmpty else { return [self] }
        return subcommands.flatMap(\.leaves)
    }
}

/// A manual page in the language of mdoc(7).
struct ManualPage {
    private let command: CommandDescription
    /// The options that most commands take, told of once.
    private let settings: [CommandDescription.Argument]

    init(_ command: CommandDescription) {
        self.command = command
        let all = command.leaves.flatMap { $0.arguments ?? [] }.filter { $0.names != nil }
        let uses = Dictionary(grouping: all, by: \.self).mapValues(\.count)
        var seen: Set<CommandDescription.Argument> = []
        settings = all.filter { uses[$0, default: 0] >= 8 && seen.insert($0).inserted && Self.isShown($0) }
    }

    /// The source of the page, without the last line's end.
    var text: String {
        var lines = [
            ".Dd November 2026", ".Dt RECAST 1", ".Os", ".Sh NAME", ".Nm \(command.commandName)",
            ".Nd \(Self.escaped(command.abstract ?? ""))", ".Sh SYNOPSIS",
        ]
        let commands = (command.subcommands ?? []).filter(\.shouldDisplay)
        for command in commands { lines += synopsis(of: command, after: []) }
        lines += [".Sh COMMANDS"]
        for command in commands { lines += section(of: command, after: []) }
        lines += [".Sh SETTINGS", "Where the synopsis says so, a command takes these.", ".Bl -tag -width Ds"]
        for argument in settings { lines += item(argument) }
        lines += [".El", ".Sh EXIT STATUS", ".Bl -tag -width 3n"]
        for (status, meaning) in Self.statuses { lines += [".It \(status)", Self.escaped(meaning)] }
        return (lines + [".El"]).joined(separator: "\n")
    }

    private static let statuses = [
        (0, "Done."), (2, "Wrong usage: an argument, a preset, an output that exists already."),
        (3, "The input is missing, damaged, or nothing that can be transcoded."),
        (4, "The input exceeds a limit, which the message names."),
        (5, "The output did not pass the check against its input."),
        (6, "Reading or writing failed, for instance because the disk is full."), (7, "Cancelled."),
    ]

    private func synopsis(of command: CommandDescription, after path: [String]) -> [String] {
        let words = path + [command.commandName]
        let inner = (command.subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
        guard inner.isEmpty else { return inner.flatMap { synopsis(of: $0, after: words) } }
        guard command.commandName != "help" else { return [] }
        return [".Nm \(self.command.commandName)", ".Cm \(words.joined(separator: " "))"]
            + (takesSettings(command) ? [".Op settings"] : [])
            + own(command).map { argument in
                argument.isOptional || argument.kind == "flag"
                    ? ".Op \(Self.macro(argument))" : ".\(Self.macro(argument))"
            }
    }

    private func section(of command: CommandDescription, after path: [String]) -> [String] {
        guard command.commandName != "help" else { return [] }
        let words = path + [command.commandName]
        var lines = [".Ss \(words.joined(separator: " "))", Self.escaped(command.abstract ?? "")]
        if let discussion = command.discussion {
            for paragraph in discussion.split(separator: "\n") {
                lines += [".Pp", Self.escaped(String(paragraph))]
            }
        }
        let arguments = own(command)
        if !arguments.isEmpty {
            lines.append(".Bl -tag -width Ds")
            for argument in arguments { lines += item(argument) }
            lines.append(".El")
        }
        for inner in (command.subcommands ?? []).filter(\.shouldDisplay) {
            lines += section(of: inner, after: words)
        }
        return lines
    }

    private func own(_ command: CommandDescription) -> [CommandDescription.Argument] {
        (command.arguments ?? []).filter { Self.isShown($0) && !settings.contains($0) }
    }

    private func takesSettings(_ command: CommandDescription) -> Bool {
        command.arguments?.contains { settings.contains($0) } == true
    }

    private func item(_ argument: CommandDescription.Argument) -> [String] {
        [".It \(Self.macro(argument))", Self.escaped(Self.meaning(argument))]
    }

    private static func isShown(_ argument: CommandDescription.Argument) -> Bool {
        argument.shouldDisplay && argument.names?.contains { ["help", "version"].contains($0.name) } != true
    }

    private static func macro(_ argument: CommandDescription.Argument) -> String {
        let value = argument.valueName ?? "value"
        let dots = argument.isRepeating ? " ..." : ""
        guard argument.kind != "positional" else { return "Ar \(value)\(dots)" }
        let names = (argument.names ?? []).map { $0.kind == "short" ? $0.name : "-\($0.name)" }
        let flags = names.map { "Fl \($0)" }.joined(separator: " , ")
        return argument.kind == "flag" ? flags : "\(flags) Ar \(value)\(dots)"
    }

    private static func meaning(_ argument: CommandDescription.Argument) -> String {
        var text = argument.abstract ?? ""
        if let values = argument.allValueStrings, !values.isEmpty {
            text += " One of \(values.joined(separator: ", "))."
        }
        if let value = argument.defaultValue, argument.kind != "flag" { text += " Unless given: \(value)." }
        return text
    }

    /// A line must not begin with a control character, and a backslash begins an escape.
    private static func escaped(_ text: String) -> String {
        let line = text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "\n", with: " ")
        return line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }
}
