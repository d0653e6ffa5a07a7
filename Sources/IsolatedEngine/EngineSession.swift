internal import FFmpeg
internal import Foundation
internal import Synchronization
internal import Transcoding

/// One run of the engine's process, seen from outside: what it asks for, what it sends, what it may use.
final class EngineSession: Sendable {
    typealias Outcome = Result<TranscodeResult, EngineFailure>

    private struct State {
        var outcome: Outcome?
        var owesBytes = false
        var progress: TranscodeProgress?
    }

    private let child: ChildProcess
    private let request: EngineRequest
    private let order: EngineOrder
    private let input: InputCache
    private let output: (any AsyncOutput)?
    private let queue = WriteQueue()
    private let reads: AsyncStream<Range<Int64>>
    private let readRequests: AsyncStream<Range<Int64>>.Continuation
    private let state = Mutex(State())
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
            usesFile: output.path != nil,
            maxOutputBytes: EngineSession.maxOutputBytes(request)
        )
        (reads, readRequests) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        switch output {
        case .stream(let output):
            self.output = output
            child = try await starter.child()
        case .file(let path):
            self.output = nil
            let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                let isThere = errno == EEXIST
                let reason = String(cString: strerror(errno))
                throw TranscodingError(
                    isThere ? .outputExists : .outputUnwritable,
                    "\(request.outputName) cannot be written: \(reason)"
                )
            }
            defer { close(file) }
            child = try await starter.child(file: file)
        }
    }

    /// What the longest input could be given, and the room for its index.
    private static func maxOutputBytes(_ request: EngineRequest) -> Int64 {
        let rate = Double(request.preset.expectedBitsPerSecond) / 8
        let bytes = request.limits.outputBytesFactor * rate * (request.limits.maxDuration + 20)
        return Int64(min(max(bytes, 0), 1e15)) + maxHeadBytes
    }

    private static let maxHeadBytes: Int64 = 1 << 31

    /// Runs to the end; the process is gone afterwards.
    func run() async -> Outcome {
        let outcome = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.deliver() }
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
        Task { await queue.close() }
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
        var check = OutputOrder(limit: order.maxOutputBytes)
        while true {
            do {
                guard let (head, payload) = try await child.receive() else { break }
                try await take(head, payload, &check)
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

    private func take(_ head: FrameHead, _ payload: Data, _ check: inout OutputOrder) async throws {
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
            guard output != nil, !payload.isEmpty else { throw BrokenProtocol() }
            try check.take(head.offset..<head.offset + Int64(payload.count))
            await queue.add(WriteQueue.Item(data: payload, offset: head.offset))
        case .progress:
            report(try JSONDecoder().decode(TranscodeProgress.self, from: payload))
        case .finished:
            let result = try JSONDecoder().decode(TranscodeResult.self, from: payload)
            guard result.isPlausible(for: request) else { throw BrokenProtocol() }
            if output != nil { try check.finish(result.byteCount) }
            guard await queue.drain() else { return }
            conclude(.success(result))
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

    /// Hands the output on, one piece after the other.
    private func deliver() async {
        guard let output else { return }
        while let item = await queue.next() {
            do { try await output.write(item.data, at: item.offset) } catch {
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
            let most = limits.cpuSecondsBase + limits.cpuSecondsPerSecond * seconds
            if usage.cpuSeconds > most {
                return conclude(refusal("cpuSecondsPerSecond", "took over \(Int(most)) CPU seconds"))
            }
            let isWaiting = owes ? true : await !queue.isIdle
            if isWaiting || usage.cpuSeconds - lastCPU > 0.001 { busy = clock.now }
            lastCPU = usage.cpuSeconds
            if clock.now - busy > patience { return conclude(.failure(.transcoding(crash("stood still")))) }
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

extension TranscodeResult {
    /// Whether the engine could have made this of the request; a hostile process may say anything.
    fileprivate func isPlausible(for request: EngineRequest) -> Bool {
        let limits = request.limits
        let names = [video?.codec, audio?.codec, input.container, input.videoCodec, input.audioCodec]
        let lengths = [duration, input.duration, input.frameRate ?? 0, wallSeconds, cpuSeconds]
        let counts = [
            byteCount, input.byteCount,
        ]
        return outputPath == request.outputName && names.allSatisfy { ($0 ?? "").utf8.count <= 100 }
            && lengths.allSatisfy { $0.isFinite && $0 >= 0 } && counts.allSatisfy { $0 > 0 }
            && hasPlausiblePictures(for: request)
            && duration <= 2 * limits.maxDuration && (audio?.byteCount ?? 0) >= 0
            && stages.count < 100
    }

    private func hasPlausiblePictures(for request: EngineRequest) -> Bool {
        guard let preset = request.preset.video else { return video == nil && size == nil }
        guard let video, let size else { return false }
        let most = preset.boundingSize
        return video.byteCount > 0 && frameCount > 0 && decodedFrameCount > 0
            && size.width > 0 && size.width <= most.width && size.height > 0 && size.height <= most.height
    }
}

extension EngineOutput {
    fileprivate var path: String? {
        guard case .file(let path) = self else { return nil }
        return path
    }
}

/// Holds the writes of a process that is not trusted against what `AsyncOutput` promises.
struct OutputOrder {
    let limit: Int64
    private var headCount: Int64?
    private var next: Int64 = 0
    private var headNext: Int64 = 0

    init(limit: Int64) { self.limit = limit }

    /// - Throws: `BrokenProtocol` for a write that is out of order or too far.
    mutating func take(_ range: Range<Int64>) throws(BrokenProtocol) {
        guard range.upperBound <= limit else { throw BrokenProtocol() }
        if range.lowerBound == next, headNext == 0, headCount != nil {
            next = range.upperBound
        } else if headCount == nil, range.lowerBound > 0 {
            headCount = range.lowerBound
            next = range.upperBound
        } else if range.lowerBound == headNext, range.upperBound <= headCount ?? limit {
            headNext = range.upperBound
        } else {
            throw BrokenProtocol()
        }
    }

    /// - Throws: `BrokenProtocol` when `byteCount` is not what was written.
    func finish(_ byteCount: Int64) throws(BrokenProtocol) {
        guard headNext > 0, headNext == headCount ?? headNext, max(next, headNext) == byteCount else {
            throw BrokenProtocol()
        }
    }
}
