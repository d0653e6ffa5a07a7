internal import Foundation
internal import Synchronization
internal import TestMedia

/// A Python program that answers a line with a line, and ends when its standard input is closed.
///
/// The kernel closes that pipe however this process dies, so the program never outlives it.
package final class LineProcess: Sendable {
    /// The program ended instead of answering.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private struct State {
        /// Those who wait for a line, first come, first served.
        var waiting: [CheckedContinuation<String, any Error>] = []
        /// Lines nobody has asked for yet.
        var lines: [String] = []
        var hasEnded = false
    }

    private let name: String
    private let input: FileHandle
    private let process: Subprocess
    private let state = Mutex(State())

    /// Starts a program of `Tests/Servers`.
    package init(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        python: String = Python.path
    ) throws {
        name = script
        let inputPipe = Pipe()
        let outputPipe = Pipe()
        // A write to a program that has ended is an error, not the end of all tests.
        signal(SIGPIPE, SIG_IGN)
        process = try Subprocess(
            python,
            ["-u", Python.programs.appendingPathComponent(script).path] + arguments,
            environment: Python.complete(environment),
            input: inputPipe.fileHandleForReading.fileDescriptor,
            output: outputPipe.fileHandleForWriting.fileDescriptor,
            errors: 2
        )
        try inputPipe.fileHandleForReading.close()
        try outputPipe.fileHandleForWriting.close()
        input = inputPipe.fileHandleForWriting
        let output = outputPipe.fileHandleForReading
        Thread.detachNewThread { [weak self] in
            var rest = Data()
            while case let bytes = Self.read(output), !bytes.isEmpty {
                rest.append(bytes)
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    self?.take(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
            self?.end()
        }
    }

    deinit { stop() }

    /// What there is to read, nothing at the end; `availableData` ends all tests when a signal comes.
    private static func read(_ handle: FileHandle) -> Data {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(handle.fileDescriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return Data(buffer.prefix(max(0, count)))
        }
    }

    /// Asks the program to end.
    package func stop() { try? input.close() }

    /// Kills the program, as if it had crashed.
    package func kill() { process.send(SIGKILL) }

    /// The next line that the program writes.
    package func line() async throws -> String { try await exchange(nil) }

    /// Sends a request and returns the answer.
    package func ask(_ request: JSON) async throws -> JSON {
        try JSON(text: try await exchange(try request.line()))
    }

    private func exchange(_ request: String?) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            // Queueing and writing together: answers come in the order of the requests.
            state.withLock { state in
                if let request, !state.hasEnded { try? input.write(contentsOf: Data((request + "\n").utf8)) }
                if !state.lines.isEmpty {
                    continuation.resume(returning: state.lines.removeFirst())
                } else if state.hasEnded {
                    continuation.resume(throwing: Failure(description: "\(name) has ended"))
                } else {
                    state.waiting.append(continuation)
                }
            }
        }
    }

    private func take(_ line: String) {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.lines.append(line)
            } else {
                state.waiting.removeFirst().resume(returning: line)
            }
        }
    }

    private func end() {
        state.withLock { state in
            state.hasEnded = true
            for continuation in state.waiting {
                continuation.resume(throwing: Failure(description: "\(name) has ended"))
            }
            state.waiting = []
        }
    }
}
