internal import FFmpeg

/// Turns inputs into renditions.
public struct Transcoder: Sendable {
    /// Makes a transcoder; it holds nothing, and one serves any number of requests.
    public init() { LogCapture.silence() }

    /// Opens what a run would otherwise open, for a process that is about to lose the right to.
    package static func prepareForConfinement() { _ = ResourceWatch.residentBytes() }

    /// Makes renditions as `transcodeAll` does, but blocks the calling thread and cannot be cancelled.
    ///
    /// For a confined process: Swift's tasks run on Dispatch's shared pool, which now and then opens files in
    /// /proc to count its busy threads, and ends the process when it cannot. The engine's own queues are
    /// not of that pool.
    package func transcodeBlocking(
        _ request: TranscodeRequest,
        onProgress: @escaping @Sendable (TranscodeProgress) -> Void
    ) -> Result<[TranscodeResult], TranscodingError> {
        StageGraph(request, report: onProgress).runHere()
    }

    /// Makes a rendition, and returns what it is; of a request for several, the first.
    ///
    /// The output appears under its name only when it is whole, synced and checked. Cancelling the task
    /// ends the work and leaves nothing behind.
    ///
    /// `onProgress` is called at most ten times a second, on a queue of the engine's. What is thrown
    /// carries a code that says whose fault it is.
    public func transcode(
        _ request: TranscodeRequest,
        onProgress: @escaping @Sendable (TranscodeProgress) -> Void = { _ in }
    ) async throws(TranscodingError) -> TranscodeResult {
        try await transcodeAll(request, onProgress: onProgress)[0]
    }

    /// Makes all renditions of a request from one decode, and returns what they are, in their order.
    ///
    /// No output appears under its name before all are whole, synced and checked; if one fails, none does. They
    /// get their names in their order; where that fails, as when somebody else was quicker, those before stay.
    /// The memory that is needed grows with each rendition, by what its encoder holds.
    ///
    /// `onProgress` is called at most ten times a second, on a queue of the engine's.
    public func transcodeAll(
        _ request: TranscodeRequest,
        onProgress: @escaping @Sendable (TranscodeProgress) -> Void = { _ in }
    ) async throws(TranscodingError) -> [TranscodeResult] {
        let graph = StageGraph(request, report: onProgress)
        let result = await withTaskCancellationHandler {
            await graph.run()
        } onCancel: {
            graph.cancel()
        }
        return try result.get()
    }

    /// Makes renditions as `transcodeAll` does, and tells of it by a sequence that ends with the results.
    public func events(_ request: TranscodeRequest) -> TranscodeEvents { TranscodeEvents(request) }
}
