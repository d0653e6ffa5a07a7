internal import FFmpeg
internal import Foundation
internal import Transcoding

/// One run of the engine's process, seen from outside: what it asks for, what it sends, what it may use.
final class EngineSession: Sendable {
    typealias Outcome = Result<[TranscodeResult], EngineFailure>

    /// One output that is handed on as it comes.
    private struct Stream: Sendable {
        let output: any AsyncOutput
        let queue = WriteQueue()
    }

    private struct State {
        var outcome: Outcome?
        var owesBytes = false
        var progress: TranscodeProgress?
    }

    private let child: ChildProcess
    private let request: EngineRequest
    private let order: EngineOrder
    private let input: InputCache
    private let streams: [Stream]
    private let reads: AsyncStream<Range<Int64>>
    private let readRequests: AsyncStream<Range<Int64>>.Continuation
    private let state = Lock(State())
    private let patience: Duration
    private let onProgress: @Sendable (TranscodeProgress) -> Void

    init(
        _ request: EngineRequest,
        input: any AsyncInput,
        output: EngineOutput,
        starter: EngineStarter,
        patience: Duration,
        onProgress: @escaping @Sendable (TranscodeProgress) -> Void
    ) async throws(TranscodingError) {
        guard (1...EngineRequest.maxOutputs).contains(request.outputs.count),
            output.count == request.outputs.count
        else { throw TranscodingError(.engine, "a run of the engine cannot have these outputs") }
        self.request = request
        var request = request
        // Out of reach of /sys, the process could not count them.
        request.threads = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
        self.input = InputCache(input)
        self.patience = patience
        self.onProgress = onProgress
        order = EngineOrder(
            request: request,
            inputByteCount: input.byteCount,
            usesFiles: output.isFiles,
            maxOutputBytes: request.outputs.map {
                EngineSession.maxOutputBytes($0.preset, request.limits)
            }
        )
        (reads, readRequests) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        switch output {
        case .streams(let outputs):
            streams = outputs.map { Stream(output: $0) }
            child = try await starter.child()
        case .files(let paths):
            streams = []
            var files: [Int32] = []
            defer { for file in files { close(file) } }
            for (path, output) in zip(paths, request.outputs) {
                files.append(try EngineSession.created(path, output.name))
            }
            child = try await starter.child(files: files)
        }
    }

    /// A new file, its descriptor above those that the process has.
    private static func created(_ path: String, _ name: String) throws(TranscodingError) -> Int32 {
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { if file >= 0 { close(file) } }
        let moved = file >= 0 ? fcntl(file, F_DUPFD_CLOEXEC, Int32(3 + EngineRequest.maxOutputs)) : -1
        guard moved >= 0 else {
            let isThere = errno == EEXIST
            let reason = String(cString: strerror(errno))
            throw TranscodingError(
                isThere ? .outputExists : .outputUnwritable,
                "\(name) cannot be written: \(reason)"
            )
        }
        return moved
    }

    /// What the longest input could be given, and the room for its index.
    private static func maxOutputBytes(_ preset: Preset, _ limits: IngestLimits) -> Int64 {
        let rate = Double(preset.expectedBitsPerSecond) / 8
        let bytes = limits.outputBytesFactor * rate * (limits.maxDuration + 20)
        return Int64(min(max(bytes, 0), 1e15)) + maxHeadBytes
    }

    private static let maxHeadBytes: Int64 = 1 << 31

    /// Runs to the end; the process is gone afterwards.
    func run() async -> Outcome {
        let outcome = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                for stream in self.streams { group.addTask { await self.deliver(stream) } }
                group.addTask { await self.answer() }
                group.addTask { await self.watch() }
                await converse()
                group.cancelAll()
            }
            return state.withLock { $0.outcome }
        } onCancel: {
            conclude(cancellation)
        }
        child.kill()
        _ = await child.ended()
        await input.close()
        return outcome ?? .failure(.transcoding(crash("ended without a result")))
    }

    /// The first outcome counts, and ends the process.
    private func conclude(_ outcome: Outcome) {
        state.withLock { state in state.outcome = state.outcome ?? outcome }
        child.kill()
        readRequests.finish()
        for stream in streams { Task { await stream.queue.close() } }
    }

    private var cancellation: Outcome {
        .failure(.transcoding(TranscodingError(.cancelled, "\(request.inputName) was cancelled")))
    }

    private func crash(_ what: String) -> TranscodingError {
        TranscodingError(
            .engineCrashed,
            "the engine's process \(what) while it worked on \(request.inputName)"
        )
    }

    /// Takes what the process sends, until it ends.
    private func converse() async {
        do {
            await child.send(.request, [try JSONEncoder().encode(order)])
        } catch {
            conclude(.failure(.transcoding(TranscodingError(.engine, "\(error)"))))
        }
        var checks = streams.indices.map { OutputOrder(limit: order.maxOutputBytes[$0]) }
        while true {
            do {
                guard let (head, payload) = try await child.receive() else { break }
                try await take(head, payload, &checks)
            } catch {
                conclude(.failure(.transcoding(crash("sent nonsense"))))
                break
            }
            if state.withLock({ $0.outcome != nil }) { break }
        }
        guard state.withLock({ $0.outcome == nil }) else { return }
        switch await child.ended() {
        case .signalled(let signal): conclude(.failure(.transcoding(crash("was ended by signal \(signal)"))))
        case .exited(let status): conclude(.failure(.transcoding(crash("exited with status \(status)"))))
        }
    }

    private func take(_ head: FrameHead, _ payload: Data, _ checks: inout [OutputOrder]) async throws {
        switch head.kind {
        case .read:
            let isFirst = state.withLock { state in
                defer { state.owesBytes = true }
                return !state.owesBytes
            }
            let (end, overflow) = head.offset.addingReportingOverflow(Int64(head.count))
            guard isFirst, !overflow, head.count > 0, head.offset < order.inputByteCount else {
                throw BrokenProtocol()
            }
            readRequests.yield(head.offset..<end)
        case .write:
            guard streams.indices.contains(head.output), !payload.isEmpty else { throw BrokenProtocol() }
            let (end, overflow) = head.offset.addingReportingOverflow(Int64(payload.count))
            guard !overflow else { throw BrokenProtocol() }
            try checks[head.output].take(head.offset..<end)
            await streams[head.output].queue.add(WriteQueue.Item(data: payload, offset: head.offset))
        case .progress:
            report(try JSONDecoder().decode(TranscodeProgress.self, from: payload))
        case .finished:
            let results = try JSONDecoder().decode([TranscodeResult].self, from: payload)
            guard results.count == request.outputs.count,
                zip(results, request.outputs).allSatisfy({ $0.isPlausible(for: $1, request.limits) })
            else { throw BrokenProtocol() }
            for (index, stream) in streams.enumerated() {
                try checks[index].finish(results[index].byteCount)
                guard await stream.queue.drain() else { return }
            }
            conclude(.success(results))
        case .failed:
            let complaint = try JSONDecoder().decode(EngineComplaint.self, from: payload)
            conclude(.failure(.transcoding(complaint.error)))
        case .request, .bytes: throw BrokenProtocol()
        }
    }

    private func report(_ progress: TranscodeProgress) {
        let isDue = state.withLock { state in
            let last = state.progress?.elapsed ?? -1
            guard progress.elapsed - last >= 0.09 else { return false }
            state.progress = progress
            return true
        }
        if isDue { onProgress(progress) }
    }

    /// Hands an output on, one piece after the other.
    private func deliver(_ stream: Stream) async {
        while let item = await stream.queue.next() {
            do { try await stream.output.write(item.data, at: item.offset) } catch {
                // A cancelled task may notice before the handler of its cancellation has run.
                return conclude(Task.isCancelled ? cancellation : .failure(.output(error)))
            }
        }
    }

    /// Gives the process the bytes it asks for.
    private func answer() async {
        for await range in reads {
            do {
                let parts = try await input.read(range)
                state.withLock { $0.owesBytes = false }
                await child.send(.bytes, parts)
            } catch {
                return conclude(Task.isCancelled ? cancellation : .failure(.input(error)))
            }
        }
    }

    /// Ends a process that takes more than its input justifies, or that does nothing any more.
    private func watch() async {
        let clock = ContinuousClock()
        var busy = clock.now
        var lastCPU = 0.0
        while (try? await clock.sleep(for: .milliseconds(100))) != nil, let usage = child.usage() {
            let limits = request.limits
            if usage.residentBytes > limits.maxResidentBytes {
                let most = limits.maxResidentBytes >> 20
                return conclude(refusal("maxResidentBytes", "needs over \(most) MiB of memory"))
            }
            let (owes, progress) = state.withLock { ($0.owesBytes, $0.progress) }
            let known = max(progress?.totalSeconds ?? 0, progress?.seconds ?? 0)
            let seconds = known.isFinite ? min(max(known, 0), limits.maxDuration) : 0
            let most =
                limits.cpuSecondsBase
                + limits.cpuSecondsPerSecond * seconds * Double(request.outputs.count)
            if usage.cpuSeconds > most {
                return conclude(refusal("cpuSecondsPerSecond", "took over \(Int(most)) CPU seconds"))
            }
            let isWaiting = owes ? true : await isDelivering
            if isWaiting || usage.cpuSeconds - lastCPU > 0.001 { busy = clock.now }
            lastCPU = usage.cpuSeconds
            if clock.now - busy > patience { return conclude(.failure(.transcoding(crash("stood still")))) }
        }
    }

    /// Whether any output is on its way.
    private var isDelivering: Bool {
        get async {
            for stream in streams where await !stream.queue.isIdle { return true }
            return false
        }
    }

    private func refusal(_ limit: String, _ message: String) -> Outcome {
        .failure(
            .transcoding(
                TranscodingError(.inputLimit, "\(request.inputName) \(message) (limit \(limit))")
            )
        )
    }
}

extension EngineOutput {
    fileprivate var count: Int {
        switch self {
        case .streams(let outputs): outputs.count
        case .files(let paths): paths.count
        }
    }

    fileprivate var isFiles: Bool {
        guard case .files = self else { return false }
        return true
    }
}
