internal import CProcess
internal import Dispatch
internal import FFmpeg
internal import Foundation
internal import Transcoding

/// A started engine: its socket, its end, and what it uses.
final class ChildProcess: Sendable {
    /// How a process ended.
    enum Ending: Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// What a running process uses.
    struct Usage: Sendable {
        let residentBytes: Int64
        let cpuSeconds: Double
    }

    private enum Life {
        case running
        case ended(Ending)
    }

    private struct State {
        var life = Life.running
        var waiters: [CheckedContinuation<Ending, Never>] = []
    }

    private let process: pid_t
    private let socket: Int32
    private let state = Lock(State())
    private let receiving = DispatchQueue(label: "recast.engine.receive", qos: .userInitiated)
    private let sending = DispatchQueue(label: "recast.engine.send", qos: .userInitiated)

    private init(_ process: pid_t, _ socket: Int32) {
        self.process = process
        self.socket = socket
    }

    deinit { close(socket) }

    /// Starts `executable engine`; `files` become its descriptors from 3 on, which here they are above of.
    static func start(_ executable: String, files: [Int32] = []) async throws(TranscodingError)
        -> ChildProcess
    {
        let started = await withCheckedContinuation { continuation in
            // The kernel kills the process when the thread that started it ends, so this one waits for it.
            Thread.detachNewThread {
                let child = spawn(executable, files)
                continuation.resume(returning: child)
                if case .success(let child) = child { child.waitUntilEnd() }
            }
        }
        return try started.get()
    }

    private static func spawn(
        _ executable: String,
        _ files: [Int32]
    ) -> Result<ChildProcess, TranscodingError> {
        var pair: [Int32] = [-1, -1]
        let status = recast_socket_pair(&pair)
        guard status == 0 else { return .failure(failure("cannot be reached", -status)) }
        // What lists of processes show; the link to the program itself has no name worth showing.
        let isSelf = executable.hasPrefix("/proc/")
        let name = isSelf ? "recast" : executable.split(separator: "/").last.map(String.init) ?? "recast"
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(name), strdup("engine"), nil]
        let process = recast_spawn(executable, &arguments, pair[1], files, Int32(files.count))
        for argument in arguments { free(argument) }
        close(pair[1])
        guard process > 0 else {
            close(pair[0])
            return .failure(failure("cannot be started", -process))
        }
        return .success(ChildProcess(process, pair[0]))
    }

    private static func failure(_ what: String, _ errno: Int32) -> TranscodingError {
        TranscodingError(.engine, "the engine's process \(what): \(String(cString: strerror(errno)))")
    }

    /// Waits on this thread, and lets the number of the process go only when nobody can signal it any more.
    private func waitUntilEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let waiters = state.withLock { state in
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            state.life = .ended(signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal))
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    private var end: Ending {
        state.withLock { state in
            guard case .ended(let ending) = state.life else { return .exited(0) }
            return ending
        }
    }

    /// Ends the process at once; a second time, or when it has ended, nothing happens.
    func kill() {
        state.withLock { state in
            guard case .running = state.life else { return }
            _ = Glibc.kill(process, SIGKILL)
        }
        // Whoever waits for the socket wakes up.
        shutdown(socket, Int32(SHUT_RDWR))
    }

    /// How the process ended, when it has.
    func ended() async -> Ending {
        await withCheckedContinuation { continuation in
            let ending: Ending? = state.withLock { state in
                if case .ended(let ending) = state.life { return ending }
                state.waiters.append(continuation)
                return nil
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }

    /// What the process uses now; `nil` when it has ended.
    func usage() -> Usage? {
        state.withLock { state in
            guard case .running = state.life else { return nil }
            var clock = clockid_t()
            var time = timespec()
            guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0,
                let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
            else { return nil }
            let fields = text.split(separator: " ")
            let pages = fields.count > 1 ? Int64(fields[1]) ?? 0 : 0
            return Usage(
                residentBytes: pages * Int64(sysconf(Int32(_SC_PAGESIZE))),
                cpuSeconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            )
        }
    }

    /// The next message; `nil` when the process has closed its end, `broken` when it sends nonsense.
    func receive() async throws(BrokenProtocol) -> (head: FrameHead, payload: Data)? {
        let result: Result<(head: FrameHead, payload: Data)?, BrokenProtocol> =
            await withCheckedContinuation { continuation in
                receiving.async { [self] in
                    do throws(BrokenProtocol) {
                        continuation.resume(returning: .success(try receiveBlocking()))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        return try result.get()
    }

    private func receiveBlocking() throws(BrokenProtocol) -> (head: FrameHead, payload: Data)? {
        var bytes = [UInt8](repeating: 0, count: FrameHead.byteCount)
        let isWhole = bytes.withUnsafeMutableBytes { fill($0) }
        guard isWhole else { return nil }
        guard let head = bytes.withUnsafeBytes({ FrameHead($0) }) else { throw BrokenProtocol() }
        guard head.payloadCount > 0 else { return (head, Data()) }
        guard let memory = malloc(head.payloadCount) else { throw BrokenProtocol() }
        guard fill(UnsafeMutableRawBufferPointer(start: memory, count: head.payloadCount)) else {
            free(memory)
            return nil
        }
        // Only now: a few bytes are copied at once, and the memory is freed.
        return (head, Data(bytesNoCopy: memory, count: head.payloadCount, deallocator: .free))
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var done = 0
        while done < buffer.count {
            let got = recv(socket, buffer.baseAddress.map { $0 + done }, buffer.count - done, 0)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            done += got
        }
        return true
    }

    /// Sends one message; when the process is gone, nobody needs it, and its end is noticed elsewhere.
    func send(_ kind: FrameHead.Kind, _ parts: [Data]) async {
        await withCheckedContinuation { continuation in
            sending.async { [self] in
                let count = parts.reduce(0) { $0 + $1.count }
                _ = sendBlocking(Data(FrameHead(kind, count: count).bytes)) && parts.allSatisfy(sendBlocking)
                continuation.resume()
            }
        }
    }

    private func sendBlocking(_ data: Data) -> Bool {
        data.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let sent = recast_send(socket, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if sent < 0, errno == EINTR { continue }
                guard sent > 0 else { return false }
                done += sent
            }
            return true
        }
    }
}

/// A process sent what no engine sends.
struct BrokenProtocol: Error {}
