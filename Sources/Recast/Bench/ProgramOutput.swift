internal import Foundation
internal import Glibc

/// What a program prints.
enum ProgramOutput {
    /// Runs `arguments[0]`, found on the PATH, and returns its standard output.
    static func of(_ arguments: [String]) throws(MeasuredProcess.Failure) -> String {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw MeasuredProcess.Failure(message: "no pipe: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0)
        var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        copies.append(nil)
        defer { for copy in copies { free(copy) } }
        var child = pid_t()
        let status = posix_spawnp(&child, arguments[0], &actions, nil, copies, environ)
        close(ends[1])
        guard status == 0 else {
            throw MeasuredProcess.Failure(
                message: "\(arguments[0]) cannot be started: \(String(cString: strerror(status)))"
            )
        }
        let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: false)
        let data = (try? reader.readToEnd()) ?? Data()
        var ending: Int32 = 0
        while waitpid(child, &ending, 0) < 0, errno == EINTR {}
        guard ending == 0 else {
            throw MeasuredProcess.Failure(
                message: "\(arguments.joined(separator: " ")) failed (wait status \(ending))"
            )
        }
        return String(decoding: data, as: UTF8.self)
    }
}
