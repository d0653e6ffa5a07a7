internal import ArgumentParser
internal import Dispatch
internal import Foundation

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
            Console.error(fullMessage(for: error))
            return ExitStatus.usage
        }
    }
}
