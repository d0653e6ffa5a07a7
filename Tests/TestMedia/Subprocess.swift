internal import CProcess
internal import Foundation
internal import Synchronization

/// A started program, with nothing of the tests' open but what it was given.
///
/// Foundation's `Process` is not used: it keeps descriptors of every program it has started, and from some
/// 1,300 of them on it reads past the end of the list of them, which ends all tests now and then.
package final class Subprocess: Sendable {
    /// How a program ended.
    package enum Ending: Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// A program that could not be started.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let processIdentifier: Int32
    private let state = Mutex<(ending: Ending, time: ContinuousClock.Instant)?>(nil)
    private let running = DispatchGroup()

    /// Starts the program at `path`, or of that name in PATH.
    ///
    /// `environment` is the whole of it, or `nil` for that of the tests. The three descriptors remain the
    /// caller's.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String]? = nil,
        input: Int32,
        output: Int32,
        errors: Int32
    ) throws {
        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        processIdentifier = try Subprocess.withStrings([path] + arguments) { arguments in
            try Subprocess.withStrings(variables) { variables in
                try Subprocess.spawn(path, arguments, variables, [input, output, errors])
            }
        }
        running.enter()
        Thread.detachNewThread { [self] in
            var end = siginfo_t()
            while waitid(P_PID, id_t(processIdentifier), &end, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            state.withLock { state in
                var status: Int32 = 0
                while waitpid(processIdentifier, &status, 0) < 0, errno == EINTR {}
                let signal = status & 0x7F
                let ending: Ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
                state = (ending, ContinuousClock.now)
            }
            running.leave()
        }
    }

    /// How the program ended; `nil` while it runs.
    package var ending: Ending? { state.withLock { $0?.ending } }

    /// When the program ended, as a thread saw that does nothing but wait for it; `nil` while it runs.
    package var endTime: ContinuousClock.Instant? { state.withLock { $0?.time } }

    /// Sends a signal, unless the program has ended and its number may be another's.
    package func send(_ signal: Int32) {
        state.withLock { state in
            if state == nil { _ = Glibc.kill(processIdentifier, signal) }
        }
    }

    /// Waits at most `seconds` for the end, and says whether it came.
    package func wait(_ seconds: Double) -> Bool { running.wait(timeout: .now() + seconds) == .success }

    /// Waits for the end.
    package func wait() { running.wait() }

    private static func spawn(
        _ path: String,
        _ arguments: [UnsafeMutablePointer<CChar>?],
        _ environment: [UnsafeMutablePointer<CChar>?],
        _ descriptors: [Int32]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(descriptors.count))
        // The threads that run tests block SIGINT, and a program inherits what its parent's thread blocks.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let status = posix_spawnp(&child, path, &actions, &attributes, arguments, environment)
        guard status == 0 else {
            throw Failure(description: "\(path) cannot be started: \(String(cString: strerror(status)))")
        }
        return child
    }

    /// Lends `texts` as an array of C strings that ends with a null pointer.
    private static func withStrings<Value>(
        _ texts: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) throws -> Value
    ) rethrows -> Value {
        let strings = texts.map { strdup($0) }
        defer { for string in strings { free(string) } }
        return try body(strings + [nil])
    }
}
