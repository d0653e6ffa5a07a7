package import Foundation
package import TestMedia

/// The Python environment that `deploy/test-servers.sh` makes.
package enum Python {
    /// A script that failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// `.venv/bin/python3` at the package's root.
    package static let path = Samples.packageRoot.appendingPathComponent(".venv/bin/python3").path
    /// That of `.venv-old`, with the last clients of Elastic Transcoder; `nil` where it was not made.
    package static let old: String? = {
        let path = Samples.packageRoot.appendingPathComponent(".venv-old/bin/python3").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()
    /// Whether that one's boto 2 works, which Python has outgrown with 3.12.
    package static let hasBoto2: Bool = {
        guard let old else { return false }
        return (try? Tool(old).run(["-c", "import boto.elastictranscoder.layer1"]))?.status == 0
    }()
    /// The programs in `Tests/Servers`.
    package static let programs = Samples.packageRoot.appendingPathComponent("Tests/Servers")

    /// Runs the script at a path to its end, or kills it after `limit` seconds.
    ///
    /// `environment` is the whole of it but PATH, HOME and TMPDIR, so no setting of the machine leaks in.
    package static func run(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        limit: Double = 120,
        python: String = path
    ) async throws -> Tool.Result {
        let settings = complete(environment).map { "\($0)=\($1)" }.sorted()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try Tool("/usr/bin/env").run(
                            ["-i"] + settings + [python, script] + arguments,
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

    /// Runs Python source and returns what it printed.
    ///
    /// - Throws: `Failure` when it ends with anything but 0.
    @discardableResult
    package static func output(
        source: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> Data {
        let result = try await run(source: source, arguments, environment: environment)
        guard result.status == 0, !result.wasSignalled else { throw Failure(description: result.errorText) }
        return result.output
    }

    static func complete(_ environment: [String: String]) -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "TMPDIR"].contains($0.key)
        }
        return inherited.merging(environment) { $1 }
    }
}
