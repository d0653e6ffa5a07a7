internal import ArgumentParser
internal import Dispatch
internal import FFmpeg
internal import Foundation
internal import Transcoding

/// The command line.
struct Recast: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recast",
        abstract: "Turns phone and browser videos into web-playable renditions.",
        version: EngineVersion.current,
        subcommands: [
            TranscodeCommand.self, PresetsCommand.self, ProbeCommand.self, VerifyCommand.self,
            CompareCommand.self,
            BenchCommand.self, ServeCommand.self, WorkCommand.self,
            InitCommand.self, RecordsCommand.self, RedriveCommand.self, ConfigCommand.self, UserCommand.self,
            KeyCommand.self, SDKModelCommand.self, ManualCommand.self,
        ]
    )

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
            Console.error(fullMessage(for: error))
            return ExitStatus.usage
        }
    }
}

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

/// A command has said what went wrong; only the status is left to return.
struct CommandFailure: Error {
    let status: Int32
}

/// The limits of commands on local files, which the variables `RECAST_LIMIT_…` set.
enum CommandLimits {
    static func read() throws -> IngestLimits {
        do {
            return try Configuration.limits()
        } catch {
            error.print()
            throw CommandFailure(status: ExitStatus.usage)
        }
    }
}

/// The program's exit statuses, as the README lists them.
enum ExitStatus {
    static let usage: Int32 = 2

    static func of(_ code: TranscodingError.Code) -> Int32 {
        switch code {
        case .presetInvalid, .outputExists: usage
        case .outputUnwritable, .outputNeedsFile, .engine, .engineCrashed: 6
        case .inputMissing, .inputEmpty, .inputUnreadable, .inputUnsupported, .inputDamaged, .inputTooShort: 3
        case .inputLimit: 4
        case .outputRejected: 5
        case .cancelled: 7
        }
    }
}
