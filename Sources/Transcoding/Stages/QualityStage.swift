internal import Synchronization

/// Compares sampled pictures of the output with those that were encoded, off the encoder's path.
final class QualityStage: Sendable {
    private let quality = Mutex(SampledQuality())

    /// The mean SSIM of an output that lasts `seconds`; `nil` when nothing was compared.
    func ssim(until seconds: Double) -> Double? { quality.withLock { $0.mean(until: seconds) } }

    func accept(_ window: SampleWindow) throws {
        guard let ssim = try SampleComparison.run(window) else { return }
        quality.withLock { $0.add(ssim, at: window.seconds) }
    }
}
