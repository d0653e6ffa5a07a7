internal import FFmpeg

/// Lets at most ten reports a second through, on all renditions together.
final class ProgressThrottle: Sendable {
    private struct State {
        var last = 0.0
        /// What of each rendition is written.
        var written: [(seconds: Double, frames: Int, bytes: Int64)]
    }

    private let total: Double?
    private let watch: ResourceWatch
    private let state: Lock<State>
    private let sink: @Sendable (TranscodeProgress) -> Void

    init(
        total: Double?,
        renditions: Int,
        watch: ResourceWatch,
        report: @escaping @Sendable (TranscodeProgress) -> Void
    ) {
        self.total = total
        self.watch = watch
        state = Lock(State(written: Array(repeating: (0, 0, 0), count: renditions)))
        sink = report
    }

    /// Reports what the input is, before anything is made of it.
    func begin(_ input: DetectedProperties) {
        sink(
            TranscodeProgress(
                seconds: 0,
                totalSeconds: total,
                frameCount: 0,
                byteCount: 0,
                elapsed: watch.wallSeconds,
                input: input
            )
        )
    }

    /// What a rendition reports to, by its place in the request.
    func reporter(_ index: Int) -> @Sendable (_ seconds: Double, _ frames: Int, _ bytes: Int64) -> Void {
        { [self] seconds, frames, bytes in report(index, (seconds, frames, bytes)) }
    }

    private func report(_ index: Int, _ written: (seconds: Double, frames: Int, bytes: Int64)) {
        let now = watch.wallSeconds
        let due: TranscodeProgress? = state.withLock { state in
            state.written[index] = written
            guard now - state.last >= 0.1 else { return nil }
            state.last = now
            return TranscodeProgress(
                seconds: state.written.reduce(0) { $0 + $1.seconds } / Double(state.written.count),
                totalSeconds: total,
                frameCount: state.written.reduce(0) { $0 + $1.frames },
                byteCount: state.written.reduce(0) { $0 + $1.bytes },
                elapsed: now
            )
        }
        if let due { sink(due) }
    }
}
