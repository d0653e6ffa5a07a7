internal import FFmpeg
internal import Synchronization

/// The sampled pictures that are between the encoder and the decoder of the output.
///
/// The encoder's stage adds them before their packets exist; the one that examines the packets takes them.
final class PictureSamples: Sendable {
    private struct State {
        /// In the order of their pts.
        var waiting: [(pts: Int64, frame: Frame, seconds: Double)] = []
        /// Whether a window was begun that will have more pictures.
        var isOpen = false
    }

    private let state = Mutex(State())

    /// Whether there is room for one more window: pictures of one are all that is kept.
    var hasRoom: Bool { state.withLock { $0.waiting.isEmpty } }

    /// Whether a picture is yet to be compared.
    var isAwaiting: Bool { state.withLock { $0.isOpen || !$0.waiting.isEmpty } }

    /// Adds a picture that is about to be encoded, later than those before it.
    func add(_ frame: Frame, pts: Int64, _ sample: WindowSampler.Sample) {
        state.withLock { state in
            state.waiting.append((pts, frame, sample.seconds))
            state.isOpen = !sample.isLast
        }
    }

    /// Adds what was sampled of pictures that follow, before any of their packets is decoded.
    func add(_ samples: PictureSamples) {
        let more = samples.state.withLock { $0.waiting }
        state.withLock { $0.waiting += more }
    }

    /// The sampled picture of that pts, and when its window begins; those before it will not come any more.
    func take(_ pts: Int64) -> (frame: Frame, seconds: Double)? {
        state.withLock { state in
            while let first = state.waiting.first, first.pts <= pts {
                state.waiting.removeFirst()
                if first.pts == pts { return (first.frame, first.seconds) }
            }
            return nil
        }
    }
}
