internal import ArgumentParser
internal import Foundation
internal import Transcoding

/// The command line's entry.
@main
struct Recast: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recast",
        abstract: "Turns phone and browser videos into web-playable renditions.",
        version: "0.1.0",
        subcommands: [TranscodeCommand.self, ProbeCommand.self]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Foundation.exit(failure.status)
        } catch {
            // Help and version are answers, not errors.
            if exitCode(for: error) == .success { exit(withError: error) }
            Console.error(fullMessage(for: error))
            Foundation.exit(ExitStatus.usage)
        }
    }
}

/// A command has said what went wrong; only the status is left to return.
struct CommandFailure: Error {
    let status: Int32
}

/// The program's exit statuses, as the README lists them.
enum ExitStatus {
    static let usage: Int32 = 2

    static func of(_ code: TranscodingError.Code) -> Int32 {
        switch code {
        case .presetInvalid, .outputExists: usage
        case .outputUnwritable, .engine: 6
        case .inputMissing, .inputEmpty, .inputUnreadable, .inputUnsupported, .inputDamaged: 3
        case .inputLimit: 4
        case .outputRejected: 5
        case .cancelled: 7
        }
    }
}
