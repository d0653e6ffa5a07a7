package import Foundation
package import TestMedia

/// The Python environment that `deploy/test-servers.sh` makes.
package enum Python {
    /// `.venv/bin/python3` at the package's root.
    package static let path = Samples.packageRoot.appendingPathComponent(".venv/bin/python3").path
    /// The programs in `Tests/Servers`.
    package static let programs = Samples.packageRoot.appendingPathComponent("Tests/Servers")

    /// Runs the script at a path to its end, or kills it after `limit` seconds.
    ///
    /// `environment` is the whole of it but PATH, HOME and TMPDIR, so no setting of the machine leaks in.
    package static func run(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        limit: Double = 120
    ) async throws -> Tool.Result {
        let settings = complete(environment).map { "\($0)=\($1)" }.sorted()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try Tool("/usr/bin/env").run(
                            ["-i"] + settings + [path, script] + arguments,
                            limit: limit
                        )
                    }
                )
            }
        }
    }

    /// Runs Python source given as text.
    package static func run(
        source: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        limit: Double = 120
    ) async throws -> Tool.Result {
        let workspace = try Workspace()
        let script = workspace.url("script.py")
        try Data(source.utf8).write(to: script)
        return try await run(script.path, arguments, environment: environment, limit: limit)
    }

    static func complete(_ environment: [String: String]) -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "TMPDIR"].contains($0.key)
        }
        return inherited.merging(environment) { $1 }
    }
}
