internal import FFmpeg
internal import Transcoding

/// Starts the engine's processes, and keeps one ready when it is told to.
final class EngineStarter: Sendable {
    private let executable: String
    private let ready = Lock<Task<ChildProcess, any Error>?>(nil)

    init(executable: String) { self.executable = executable }

    /// Starts one ahead, unless there is one.
    func prepare() {
        ready.withLock { ready in
            guard ready == nil else { return }
            ready = Task { [executable] in try await ChildProcess.start(executable) }
        }
    }

    /// A process for one run; `files` become its descriptors from 3 on, and then it is not one started ahead.
    func child(files: [Int32] = []) async throws(TranscodingError) -> ChildProcess {
        guard files.isEmpty else { return try await ChildProcess.start(executable, files: files) }
        let prepared = ready.withLock { ready in
            defer { ready = nil }
            return ready
        }
        // One that could not be started, or died meanwhile, is nothing that this run suffers from.
        if let child = try? await prepared?.value, child.usage() != nil { return child }
        return try await ChildProcess.start(executable)
    }

    deinit {
        guard let prepared = ready.withLock({ $0 }) else { return }
        Task { try? await prepared.value.kill() }
    }
}
