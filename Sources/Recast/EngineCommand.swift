internal import Foundation
internal import IsolatedEngine

/// `recast engine`: the other end of `EngineProcess`, which no person calls.
enum EngineCommand {
    /// Becomes the engine's process when the arguments say so, before there is a second thread.
    static func runIfAsked() {
        guard CommandLine.arguments.dropFirst() == ["engine"] else { return }
        EngineChild.run()
        Console.error("recast engine is started by recast itself, with a socket as its standard input")
        exit(ExitStatus.usage)
    }
}
