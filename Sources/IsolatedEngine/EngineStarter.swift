internal import Synchronization
internal import Transcoding

/// Starts the engine's processes, and keeps one ready when it is told to.
final class EngineStarter: Sendable {
    private let executable: String
    private let ready = Mutex<Task<ChildProcess, any Error>?>(nil)

    init(executable: String) { self.executable = executable }

    /// Starts one ahead, unless there is one.
    func prepare() {
        ready.withLock { ready in
            guard ready == nil else { return }
            ready = Task { [executable] in try await ChildProcess.start(executable, file: nil) }
        }
    }

    /// A process for one run; `file` becomes its descriptor 3, and then it is not one started ahead.
    func child(file: Int32? = nil) async throws(TranscodingError) -> ChildProcess {
        guard file == nil else { return try await ChildProcess.start(executable, file: file) }
        let prepared = ready.withLock { ready in
            defer { ready = nil }
            return ready
        }
        // One that could not be started, or died meanwhile, is nothing that this run suffers from.
        if let child = try? await prepared?.value, child.usage() != nil { return child }
        return try await ChildProcess.start(executable, file: nil)
    }

    deinit {
        guard let prepared = ready.withLock({ $0 }) else { return }
        Task { try? await prepared.value.kill() }
    }
}
