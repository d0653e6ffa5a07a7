internal import Synchronization

/// What a running transcode tells.
public enum TranscodeEvent: Sendable {
    /// How far it has come; at most ten times a second, and only the latest where the reader is slower.
    case progress(TranscodeProgress)
    /// The output is there, whole and checked. Nothing follows.
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
        private var isOver = false

        init(_ request: TranscodeRequest) { self.request = request }

        /// The next event; `nil` after `finished`.
        ///
        /// - Throws: why the transcode failed, `cancelled` included.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(TranscodingError) -> TranscodeEvent? {
            guard !isOver else { return nil }
            let run = run ?? Run(request)
            self.run = run
            let outcome = await withTaskCancellationHandler {
                await run.next()
            } onCancel: {
                run.cancel()
            }
            do {
                let event = try outcome.get()
                if case .finished = event { isOver = true }
                return event
            } catch {
                isOver = true
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
            /// The latest that nobody has asked for; a result replaces a report.
            var latest: Result<TranscodeEvent, TranscodingError>?
            var reader: CheckedContinuation<Result<TranscodeEvent, TranscodingError>, Never>?
        }

        private final class Inbox: Sendable {
            private let state = Mutex(State())

            func put(_ event: Result<TranscodeEvent, TranscodingError>) {
                let reader = state.withLock { state in
                    defer { state.reader = nil }
                    if state.reader == nil { state.latest = event }
                    return state.reader
                }
                reader?.resume(returning: event)
            }

            func next() async -> Result<TranscodeEvent, TranscodingError> {
                await withCheckedContinuation { continuation in
                    let latest = state.withLock { state in
                        defer { state.latest = nil }
                        if state.latest == nil { state.reader = continuation }
                        return state.latest
                    }
                    if let latest { continuation.resume(returning: latest) }
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
                    let result = try await Transcoder().transcode(request) { progress in
                        inbox.put(.success(.progress(progress)))
                    }
                    inbox.put(.success(.finished(result)))
                } catch {
                    inbox.put(.failure(error))
                }
            }
        }

        deinit { task.cancel() }

        func next() async -> Result<TranscodeEvent, TranscodingError> { await inbox.next() }

        func cancel() { task.cancel() }
    }
}
