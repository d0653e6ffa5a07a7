internal import FFmpeg
internal import Foundation
internal import Synchronization
package import Transcoding

/// How far a running job is, as its engine tells it and its heartbeat stores it.
package final class JobProgress: Sendable {
    /// What is worth storing.
    package struct News: Sendable, Equatable {
        /// 0...1 of all outputs together.
        package let share: Double?
        package let detected: Job.DetectedMedia?
    }

    /// The least change of the share that is worth a write.
    private static let step = 0.01

    private struct State {
        var outputCount: Int
        var finishedCount = 0
        var runningCount = 1
        var share = 0.0
        var detected: Job.DetectedMedia?
    }

    private let state: Mutex<State>

    package init(outputCount: Int) { state = Mutex(State(outputCount: max(1, outputCount))) }

    /// Begins `running` more outputs when `finished` need no work any more.
    package func begin(finished: Int, running: Int = 1) {
        state.withLock { state in
            state.finishedCount = finished
            state.runningCount = running
            state.share = 0
        }
    }

    /// Takes what the engine says of what it makes; it may say anything.
    package func take(_ progress: TranscodeProgress) {
        let detected = progress.input.map { Job.DetectedMedia($0) }
        let total = progress.totalSeconds ?? 0
        let share = total > 0 ? progress.seconds / total : 0
        state.withLock { state in
            if let detected { state.detected = detected }
            if share.isFinite { state.share = max(state.share, min(share, 1)) }
        }
    }

    /// The job with what is known of its input.
    package func detecting(_ job: Job) -> Job {
        var job = job
        job.input.detected = state.withLock { $0.detected } ?? job.input.detected
        return job
    }

    /// What a job stored as `job` does not say yet; `nil` when it says it all.
    package func news(since job: Job) -> News? {
        let (share, detected) = state.withLock { state in
            let done = Double(state.finishedCount) + state.share * Double(state.runningCount)
            return (done / Double(state.outputCount), state.detected)
        }
        let isFarther = abs(share - (job.progress ?? 0)) >= Self.step
        let isDetected = detected != nil && job.input.detected == nil
        guard isFarther || isDetected else { return nil }
        return News(share: isFarther ? min(share, 1) : nil, detected: isDetected ? detected : nil)
    }
}

extension Job.DetectedMedia {
    /// What an engine found, without what no input can be.
    package init(_ input: DetectedProperties) {
        self.init()
        if let size = input.uprightSize, (1...1 << 16).contains(size.width),
            (1...1 << 16).contains(size.height)
        {
            (width, height) = (size.width, size.height)
        }
        if let rate = input.frameRate, rate > 0, rate <= 10_000 { frameRate = rate }
        if input.duration > 0, input.duration <= 1e9 {
            durationMilliseconds = Int64((input.duration * 1000).rounded())
        }
    }
}
