internal import Foundation
internal import Glibc

/// What one run of a program cost, by the operating system's own account.
struct Cost: Sendable {
    let wallSeconds: Double
    let cpuSeconds: Double
    let peakBytes: Int64
}

/// Runs a program to its end and measures it.
enum MeasuredProcess {
    /// Why a run gave no measurement.
    struct Failure: Error { let message: String }

    /// Runs `arguments[0]`, found on the PATH, with its output thrown away.
    static func run(_ arguments: [String]) throws(Failure) -> Cost {
        let start = ProcessInfo.processInfo.systemUptime
        let usage = try finish(try self.start(arguments, output: nil), arguments)
        return Cost(
            wallSeconds: ProcessInfo.processInfo.systemUptime - start,
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakBytes: Int64(usage.ru_maxrss) * 1024
        )
    }

    /// Runs several programs, one after the other; their cost is the sum, but for the peak.
    static func run(inTurn commands: [[String]]) throws(Failure) -> Cost {
        var sum = Cost(wallSeconds: 0, cpuSeconds: 0, peakBytes: 0)
        for arguments in commands {
            let cost = try run(arguments)
            sum = Cost(
                wallSeconds: sum.wallSeconds + cost.wallSeconds,
                cpuSeconds: sum.cpuSeconds + cost.cpuSeconds,
                peakBytes: max(sum.peakBytes, cost.peakBytes)
            )
        }
        return sum
    }

    /// What `arguments[0]`, found on the PATH, writes to its standard output.
    static func output(_ arguments: [String]) throws(Failure) -> String {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(message: "no pipe: \(String(cString: strerror(errno)))") }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: pid_t
        do {
            defer { close(ends[1]) }
            child = try start(arguments, output: ends[1])
        }
        let data = (try? FileHandle(fileDescriptor: ends[0], closeOnDealloc: false).readToEnd()) ?? Data()
        _ = try finish(child, arguments)
        return String(decoding: data, as: UTF8.self)
    }

    /// Starts a program whose standard output is `output`, or nowhere; input and errors are nowhere.
    private static func start(_ arguments: [String], output: Int32?) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
        var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        copies.append(nil)
        defer { for copy in copies { free(copy) } }
        var child = pid_t()
        let status = posix_spawnp(&child, arguments[0], &actions, nil, copies, environ)
        guard status == 0 else {
            throw Failure(message: "\(arguments[0]) cannot be started: \(String(cString: strerror(status)))")
        }
        return child
    }

    /// Waits for the end of a program, which has to be a success, and returns what it used.
    private static func finish(_ child: pid_t, _ arguments: [String]) throws(Failure) -> rusage {
        var usage = rusage()
        var ending: Int32 = 0
        while wait4(child, &ending, 0, &usage) < 0 {
            guard errno == EINTR else { throw Failure(message: "\(arguments[0]) was lost") }
        }
        guard ending == 0 else {
            throw Failure(message: "\(arguments.joined(separator: " ")) failed (wait status \(ending))")
        }
        return usage
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
