import ArgumentParser
import Foundation
import TestMedia
import Testing
import Transcoding

@testable import Jobs
@testable import Recast

@Suite("What the documents say of the program")
struct ManualTests {
    private let readme: String
    private let architecture: String

    init() throws {
        let root = Samples.packageRoot
        readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let url = root.appendingPathComponent("docs/architecture.md")
        architecture = try String(contentsOf: url, encoding: .utf8)
    }

    /// The commands that help shows, with those below them.
    private static let commands = Recast.configuration.subcommands.flatMap { command in
        [command] + command.configuration.subcommands
    }.filter { $0.configuration.shouldDisplay }

    private static func options(_ command: any ParsableCommand.Type) -> Set<String> {
        Set(
            Recast.helpMessage(for: command, columns: 200).matches(of: #/--[a-z]+(?:-[a-z]+)*/#).map {
                String($0.0)
            }
        )
    }

    @Test("The README names every command")
    func namesCommands() throws {
        for command in Recast.configuration.subcommands where command.configuration.shouldDisplay {
            let name = try #require(command.configuration.commandName)
            #expect(readme.contains("recast \(name)"), "\(name)")
        }
    }

    @Test("Between them the README and the pages it leads to name every option, and none that does not exist")
    func namesOptions() throws {
        let settings = Self.options(ConfigCommand.self).subtracting(["--json"])
        let page = Samples.packageRoot.appendingPathComponent("docs/settings.md")
        let text = try readme + String(contentsOf: page, encoding: .utf8)
        var known: Set<String> = []
        for command in Self.commands {
            let options = Self.options(command)
            known.formUnion(options)
            for option in options.subtracting(settings).subtracting(["--help", "--version"]) {
                #expect(text.contains(option), "\(option) of \(command.configuration.commandName ?? "")")
            }
        }
        // FFmpeg's, which the licence speaks of.
        known.formUnion(["--enable-gpl"])
        for match in readme.matches(of: #/--[a-z]+(?:-[a-z]+)*/#) {
            #expect(known.contains(String(match.0)), "\(match.0)")
        }
    }

    @Test("The table of exit statuses is the program's", arguments: TranscodingError.Code.allCases)
    func listsStatuses(code: TranscodingError.Code) throws {
        let status = ExitStatus.of(code)
        let row = try #require(
            architecture.split(separator: "\n").first {
                $0.contains("`\(code.rawValue)`") && $0.hasPrefix("| \(status) |")
            },
            "\(code.rawValue) ends with \(status)"
        )
        #expect(readme.contains("\n| \(status) | "), "\(row)")
    }

    @Test("Every code that a job may have is in the table of codes")
    func listsCodes() throws {
        let start = try #require(architecture.range(of: "| code | means |"))
        let table = architecture[start.upperBound...].prefix { $0 != "#" }
        let codes = TranscodingError.Code.allCases.map(\.rawValue) + JobErrorCode.allCases.map(\.rawValue)
        for code in codes { #expect(table.contains("`\(code)`"), "\(code)") }
    }
}
