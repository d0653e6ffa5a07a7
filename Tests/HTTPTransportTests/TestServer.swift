import Foundation
import TestMedia

/// `server.py`, running for as long as the value lives.
final class TestServer: @unchecked Sendable {
    // Safe: the program is touched by `init` and `deinit` alone.

    /// A server that did not come up.
    struct Failure: Error {
        let output: String
    }

    /// One for all tests; it ends with this process.
    static let shared = Result { try TestServer() }

    let url: String
    private let program: RunningTool
    private let workspace: Workspace

    init(certificate: String? = nil) throws {
        workspace = try Workspace()
        let portFile = workspace.path("port")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("server.py").path
        program = try Tool("python3").start([script, portFile] + (certificate.map { [$0] } ?? []))
        let isReady = program.wait(limit: 20) { FileManager.default.fileExists(atPath: portFile) }
        guard isReady else {
            throw Failure(output: try program.finish(limit: 0).errorText)
        }
        let port = try String(contentsOfFile: portFile, encoding: .utf8)
        url = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(port)"
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
