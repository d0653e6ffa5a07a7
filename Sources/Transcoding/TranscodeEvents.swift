internal import FFmpeg

/// What a running transcode tells.
public enum TranscodeEvent: Sendable {
    /// How far it has come; at most ten times a second, and only the latest where the reader is slower.
    case progress(TranscodeProgress)
    /// An output is there, whole and checked; one for each rendition, in their order, and nothing follows.
    case finished(TranscodeResult)
}

/// The events of one transcode, which begins with the first that is asked for.
///
/// One reader iterates over them. Leaving the loop, or cancelling the task around it, ends the work and leaves
/// nothing behind.
public struct TranscodeEvents: AsyncSequence, Sendable {
    /// An event.
    public typealias Element = TranscodeEvent
    /// Why a transcode failed.
    public typealias Failure = TranscodingError

    private let request: TranscodeRequest

    init(_ request: TranscodeRequest) { self.request = request }

    /// Begins a transcode, when its first event is asked for.
    public func makeAsyncIterator() -> Iterator { Iterator(request) }

    /// Asks the transcode for event after event.
    public struct Iterator: AsyncIteratorProtocol {
        private let request: TranscodeRequest
        private var run: Run?
        /// Results that are still to come.
        private var left: Int

        init(_ request: TranscodeRequest) {
            self.request = request
            left = request.renditions.count
        }

        /// The next event; `nil` after the last `finished`.
        ///
        /// - Throws: why the transcode failed, `cancelled` included.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(TranscodingError) -> TranscodeEvent? {
            guard left > 0 else { return nil }
            let run = run ?? Run(request)
            self.run = run
            let outcome = await withTaskCancellationHandler {
                await run.next()
            } onCancel: {
                run.cancel()
            }
            do {
                let event = try outcome.get()
                if case .finished = event { left -= 1 }
                return event
            } catch {
                left = 0
                throw error
            }
        }

        /// The next event, for callers that belong to no actor.
        public mutating func next() async throws(TranscodingError) -> TranscodeEvent? {
            try await next(isolation: nil)
        }
    }

    /// A transcode that has begun, which ends when nobody holds this any more.
    private final class Run: Sendable {
        private struct State {
            /// What nobody has asked for: the latest report, or what a run ends with, which replaces it.
            var waiting: [Result<TranscodeEvent, TranscodingError>] = []
            var reader: CheckedContinuation<Result<TranscodeEvent, TranscodingError>, Never>?
        }

        private final class Inbox: Sendable {
            private let state = Lock(State())

            /// Puts events, of which there is one at least, in the place of those that nobody has asked for.
            func put(_ events: [Result<TranscodeEvent, TranscodingError>]) {
                let reader = state.withLock { state in
                    defer { state.reader = nil }
                    state.waiting = state.reader == nil ? events : Array(events.dropFirst())
                    return state.reader
                }
                reader?.resume(returning: events[0])
            }

            func next() async -> Result<TranscodeEvent, TranscodingError> {
                await withCheckedContinuation { continuation in
                    let next = state.withLock { state in
                        if state.waiting.isEmpty { state.reader = continuation }
                        return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
                    }
                    if let next { continuation.resume(returning: next) }
                }
            }
        }

        private let inbox: Inbox
        private let task: Task<Void, Never>

        init(_ request: TranscodeRequest) {
            let inbox = Inbox()
            self.inbox = inbox
            task = Task.detached {
                do throws(TranscodingError) {
                    let results = try await Transcoder().transcodeAll(request) { progress in
                        inbox.put([.success(.progress(progress))])
                    }
                    inbox.put(results.map { .success(.finished($0)) })
                } catch {
                    inbox.put([.failure(error)])
                }
            }
        }

        deinit { task.cancel() }

        func next() async -> Result<TranscodeEvent, TranscodingError> { await inbox.next() }

        func cancel() { task.cancel() }
    }
}
