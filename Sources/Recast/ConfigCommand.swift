internal import ArgumentParser
internal import Foundation

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows every setting and where it comes from, or everything that is wrong with them."
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        do {
            show(try Configuration.load(flags: options.values))
        } catch {
            if json { Console.event(["problems": error.problems.map(Self.fields)]) }
            error.print()
            throw CommandFailure(status: ExitStatus.usage)
        }
    }

    private func show(_ configuration: Configuration) {
        if json {
            let fields = configuration.entries.map { ($0.name, Self.fields($0)) }
            Console.event(["settings": Dictionary(fields) { first, _ in first }])
            return
        }
        let rows = configuration.entries.map { [$0.name, $0.text, $0.source.description] }
        let widths = (0..<2).map { column in min(44, rows.map { $0[column].count }.max() ?? 0) }
        for row in rows {
            let cells = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: max(0, width - text.count))
            }
            Console.print(cells.joined(separator: "  ") + "  " + row[2])
        }
    }

    private static func fields(_ entry: SettingEntry) -> [String: any Sendable] {
        var fields: [String: any Sendable] = ["source": entry.source.description]
        if let value = entry.value { fields["value"] = value }
        if let variable = entry.variable { fields["variable"] = variable }
        return fields
    }

    private static func fields(_ problem: SettingProblem) -> [String: any Sendable] {
        var fields: [String: any Sendable] = ["setting": problem.setting, "reason": problem.reason]
        if let value = problem.value { fields["value"] = value }
        if let source = problem.source { fields["source"] = source.description }
        return fields
    }
}

extension ConfigurationError {
    /// Writes a line for each problem to standard error.
    func print() {
        for problem in problems { Console.error("recast: \(problem.description)") }
    }
}
