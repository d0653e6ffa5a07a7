internal import Synchronization

/// Lets at most ten reports a second through.
final class ProgressThrottle: Sendable {
    private let total: Double?
    private let watch: ResourceWatch
    private let last = Mutex(0.0)
    private let sink: @Sendable (TranscodeProgress) -> Void

    init(total: Double?, watch: ResourceWatch, report: @escaping @Sendable (TranscodeProgress) -> Void) {
        self.total = total
        self.watch = watch
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

    @Sendable func report(seconds: Double, frames: Int, bytes: Int64) {
        let now = watch.wallSeconds
        let isDue = last.withLock { last in
            guard now - last >= 0.1 else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        sink(
            TranscodeProgress(
                seconds: seconds,
                totalSeconds: total,
                frameCount: frames,
                byteCount: bytes,
                elapsed: now
            )
        )
    }
}
