internal import FFmpeg

/// Turns inputs into renditions.
public struct Transcoder: Sendable {
    public init() { LogCapture.silence() }

    /// Makes one rendition of one input.
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
        let graph = StageGraph(request, report: onProgress)
        let result = await withTaskCancellationHandler {
            await graph.run()
        } onCancel: {
            graph.cancel()
        }
        return try result.get()
    }
}
