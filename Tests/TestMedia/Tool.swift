package import Foundation

/// A program run as a process of its own, its output caught.
package struct Tool: Sendable {
    /// What a finished program left behind.
    package struct Result: Sendable {
        /// The exit status, or the signal's number when `wasSignalled`.
        package let status: Int32
        /// A signal ended the program: it crashed or was killed.
        package let wasSignalled: Bool
        package let output: Data
        package let errorOutput: Data
        /// Wall clock seconds.
        package let seconds: Double
        /// When the program ended, however late somebody asked.
        package let endTime: ContinuousClock.Instant

        package var outputText: String { String(decoding: output, as: UTF8.self) }
        package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
        package var outputLines: [String] { Self.lines(outputText) }
        package var errorLines: [String] { Self.lines(errorText) }

        private static func lines(_ text: String) -> [String] {
            text.split(whereSeparator: \.isNewline).map(String.init)
        }
    }

    /// A program that did not do what a test needs of it.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let path: String

    package init(_ path: String) { self.path = path }

    package static let ffmpeg = Tool("ffmpeg")
    package static let ffprobe = Tool("ffprobe")

    /// The program under test; the environment variable RECAST_EXECUTABLE overrules where the build put it.
    package static let recast = Tool(
        ProcessInfo.processInfo.environment["RECAST_EXECUTABLE"] ?? built("recast").path
    )

    /// A program of this package, where the build put it.
    package static func built(_ name: String) -> Tool {
        let folders = [
            URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent(),
            Bundle.main.bundleURL,
            Samples.packageRoot.appendingPathComponent(".build/debug"),
        ]
        let paths = folders.map { $0.appendingPathComponent(name).path }
        return Tool(paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? paths[2])
    }

    /// Runs the program to its end, or kills it after `limit` seconds.
    package func run(_ arguments: [String], limit: Double = 120) throws -> Result {
        try start(arguments).finish(limit: limit)
    }

    /// Runs the program and returns what it wrote.
    ///
    /// - Throws: `Failure` when it ends with anything but 0.
    @discardableResult
    package func output(_ arguments: [String]) throws -> Data {
        let result = try run(arguments)
        guard result.status == 0, !result.wasSignalled else {
            throw Failure(description: "\(path) ended with \(result.status): \(result.errorText)")
        }
        return result.output
    }

    /// Starts the program and returns while it runs.
    ///
    /// `environment` is the whole of it, or `nil` for that of the tests; `input` is what it reads.
    package func start(
        _ arguments: [String],
        environment: [String: String]? = nil,
        input: Data? = nil
    ) throws -> RunningTool {
        try RunningTool(path: path, arguments: arguments, environment: environment, input: input)
    }
}

/// A program that has been started.
///
/// Its output goes to files rather than pipes, so it never waits for a reader.
package final class RunningTool {
    private let process: Subprocess
    private let workspace: Workspace
    private let started = Date()
    private let outputURL: URL
    private let errorURL: URL

    init(
        path: String,
        arguments: [String],
        environment: [String: String]? = nil,
        input: Data? = nil
    ) throws {
        workspace = try Workspace()
        outputURL = workspace.url("stdout")
        errorURL = workspace.url("stderr")
        try Data().write(to: outputURL)
        try Data().write(to: errorURL)
        var inputURL = URL(fileURLWithPath: "/dev/null")
        if let input {
            inputURL = workspace.url("stdin")
            try input.write(to: inputURL)
        }
        let handles = [
            try FileHandle(forReadingFrom: inputURL), try FileHandle(forWritingTo: outputURL),
            try FileHandle(forWritingTo: errorURL),
        ]
        defer { for handle in handles { try? handle.close() } }
        process = try Subprocess(
            path,
            arguments,
            environment: environment,
            input: handles[0].fileDescriptor,
            output: handles[1].fileDescriptor,
            errors: handles[2].fileDescriptor
        )
    }

    /// How much the program has written to stdout so far.
    package var outputByteCount: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: outputURL.path)
        return attributes?[.size] as? Int ?? 0
    }

    /// What the program has written to stdout so far.
    package var outputText: String {
        String(decoding: (try? Data(contentsOf: outputURL)) ?? Data(), as: UTF8.self)
    }

    /// What the program has written to stderr so far.
    package var errorText: String {
        String(decoding: (try? Data(contentsOf: errorURL)) ?? Data(), as: UTF8.self)
    }

    package var processIdentifier: Int32 { process.processIdentifier }

    package var isRunning: Bool { process.ending == nil }

    /// Sends SIGINT, as Ctrl-C does.
    package func interrupt() { process.send(SIGINT) }

    /// Sends SIGTERM, as whoever runs services does.
    package func terminate() { process.send(SIGTERM) }

    /// Ends the program at once.
    package func kill() { process.send(SIGKILL) }

    /// Waits until `condition` holds, the program ends or `limit` seconds are over; says whether it held.
    package func wait(limit: Double, until condition: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(limit)
        while Date() < deadline {
            if condition() { return true }
            guard !process.wait(0.01) else { return false }
        }
        return false
    }

    /// Waits for the end, killing the program after `limit` seconds.
    package func finish(limit: Double = 120) throws -> Tool.Result {
        if !process.wait(limit) {
            kill()
            process.wait()
        }
        guard let ending = process.ending, let endTime = process.endTime else {
            throw Tool.Failure(description: "the program runs on")
        }
        let (status, wasSignalled): (Int32, Bool) =
            switch ending {
            case .exited(let status): (status, false)
            case .signalled(let signal): (signal, true)
            }
        return Tool.Result(
            status: status,
            wasSignalled: wasSignalled,
            output: try Data(contentsOf: outputURL),
            errorOutput: try Data(contentsOf: errorURL),
            seconds: Date().timeIntervalSince(started),
            endTime: endTime
        )
    }
}
