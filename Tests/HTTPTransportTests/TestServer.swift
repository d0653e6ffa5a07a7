import Foundation
import TestMedia

/// A server that lies beside this file as a Python program, running for as long as the value lives.
final class TestServer: @unchecked Sendable {
    // Safe: the program is touched by `init` and `deinit` alone.

    /// A server that did not come up.
    struct Failure: Error {
        let output: String
    }

    /// One for all tests; it ends with this process.
    static let shared = Result { try TestServer("server.py") }

    let url: String
    private let program: RunningTool
    private let workspace: Workspace

    /// Starts a program with the file it is to write its port to, and further arguments, which mean TLS.
    init(_ name: String, _ arguments: [String] = []) throws {
        workspace = try Workspace()
        let portFile = workspace.path("port")
        let python = Samples.packageRoot.appendingPathComponent(".venv/bin/python3").path
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name)
        program = try Tool(python).start([script.path, portFile] + arguments)
        let isReady = program.wait(limit: 30) { FileManager.default.fileExists(atPath: portFile) }
        guard isReady else { throw Failure(output: try program.finish(limit: 0).errorText) }
        let port = try String(contentsOfFile: portFile, encoding: .utf8)
        url = "\(arguments.isEmpty ? "http" : "https")://127.0.0.1:\(port)"
    }

    deinit {
        program.interrupt()
        _ = try? program.finish(limit: 5)
    }
}

/// What the server says of a request it got.
struct Echo: Decodable {
    var method: String
    var path: String
    var headers: [[String]]
    var byteCount: Int
    var sha256: String
    var connection: Int

    func header(_ name: String) -> String? { headers.first { $0[0] == name }?[1] }
}
