internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Transcoding

/// The program's entry.
@main
enum Program {
    /// Keeps the main thread alive and blocked: an `async` entry ends it, which valgrind does not survive.
    static func main() {
        EngineCommand.runIfAsked()
        Task.detached { Foundation.exit(await Recast.execute()) }
        DispatchSemaphore(value: 0).wait()
    }
}

extension Recast {
    /// Parses the arguments, runs the command, and returns the exit status.
    static func execute() async -> Int32 {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let failure as CommandFailure {
            return failure.status
        } catch {
            // Help and version are answers, not errors.
            if exitCode(for: error) == .success { exit(withError: error) }
            let unknown = unknownCommand(CommandLine.arguments.dropFirst())
            Console.error("recast: \(unknown ?? usageMessage(error)) [usage]")
            return ExitStatus.usage
        }
    }

    /// What is wrong with the arguments, and where to read how they should be, as one line.
    static func usageMessage(_ error: any Error) -> String {
        let words = message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
        let end = words.last.map { "?.".contains($0) } ?? true
        let help = fullMessage(for: error).firstMatch(of: #/'(recast[^']* --help)'/#)?.1 ?? "recast --help"
        return words + (end ? " " : "; ") + "`\(help)` tells more"
    }

    /// What to say when the first argument is no subcommand; `nil` when it is one, or an option.
    static func unknownCommand(_ arguments: some Collection<String>) -> String? {
        let names = configuration.subcommands.compactMap { command in
            command.configuration.shouldDisplay ? command.configuration.commandName : nil
        }
        guard let first = arguments.first, !first.hasPrefix("-"), first != "help",
            !configuration.subcommands.contains(where: { $0.configuration.commandName == first })
        else { return nil }
        if FileManager.default.fileExists(atPath: first) {
            return "\(first) is no command; `recast transcode \(first)` transcodes that file"
        }
        let question = NearestNames.question(NearestNames.of(first, among: names))
        let hint = [question, "recast --help lists all"].compactMap(\.self).joined(separator: " ")
        return "\(first) is no command; \(hint)"
    }
}
