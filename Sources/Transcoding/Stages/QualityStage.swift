internal import FFmpeg
internal import Synchronization

/// Compares sampled pictures of the output with those that were encoded, off the encoder's path.
final class QualityStage: Sendable {
    private struct State: ~Copyable {
        var comparison: SampleComparison?
        var quality = SampledQuality()
    }

    private let state = Mutex(State())

    /// The mean SSIM of an output that lasts `seconds`; `nil` when nothing was compared.
    func ssim(until seconds: Double) -> Double? { state.withLock { $0.quality.mean(until: seconds) } }

    func accept(_ window: SampleWindow) throws {
        try state.withLock { state in
            guard let size = window.pictures.values.first?.size else { return }
            if state.comparison == nil {
                state.comparison = try SampleComparison.open(window.track, size: size)
            }
            guard let ssim = try state.comparison?.run(window) else { return }
            state.quality.add(ssim, at: window.seconds)
        }
    }
}
