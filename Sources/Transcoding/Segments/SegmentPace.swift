internal import Foundation

/// Keeps the pictures and the sound of an output together, so that neither waits in memory for the other.
// Safe: everything is guarded by the condition.
final class SegmentPace: @unchecked Sendable {
    /// Seconds by which one may be ahead; muxers let one wait for the other for ten.
    private static let lead = 4.0

    private let condition = NSCondition()
    private let failure: FirstFailure
    private var pictures = 0.0
    private var reading = 0.0

    init(_ failure: FirstFailure) { self.failure = failure }

    /// Says that the input was read, and its sound with it, up to `seconds`, and waits for the pictures.
    func read(to seconds: Double) {
        condition.lock()
        defer { condition.unlock() }
        reading = max(reading, seconds)
        condition.broadcast()
        while pictures < seconds - SegmentPace.lead, !failure.hasFailed { wait() }
    }

    /// Waits until pictures at `seconds` may go to the muxer, and says that they do.
    func show(at seconds: Double) {
        condition.lock()
        defer { condition.unlock() }
        while reading < seconds - SegmentPace.lead, !failure.hasFailed { wait() }
        pictures = max(pictures, seconds)
        condition.broadcast()
    }

    /// Says that all was read.
    func endReading() { read(upTo: .infinity) }

    /// Says that no picture follows.
    func endPictures() {
        condition.lock()
        pictures = .infinity
        condition.broadcast()
        condition.unlock()
    }

    private func read(upTo seconds: Double) {
        condition.lock()
        reading = seconds
        condition.broadcast()
        condition.unlock()
    }

    /// A failure is noticed after a moment.
    private func wait() { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1)) }
}
