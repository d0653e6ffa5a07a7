import Foundation
import TestMedia

/// Python with the packages of the tests.
enum Python {
    static var tool: Tool {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return Tool(root.appendingPathComponent(".venv/bin/python3").path)
    }

    /// What a script prints.
    static func run(_ script: String, _ arguments: [String] = []) async throws -> String {
        let result = try await tool.runAside(["-c", script] + arguments)
        guard result.status == 0 else { throw TestFailure(what: result.errorText) }
        return result.outputText
    }
}
