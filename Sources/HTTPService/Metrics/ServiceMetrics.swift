package import Jobs
internal import Metrics
internal import Synchronization

/// What the service measures of itself, for Prometheus.
///
/// Every set of labels is bounded: routes by the router, presets by a limit of their own.
package final class ServiceMetrics: Sendable {
    private static let presetLimit = 100
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
    private static let requestSeconds = "recast_http_request_duration_seconds"
    private static let ended = "recast_jobs_total"
    private static let retries = "recast_job_retries_total"
    private static let bytesIn = "recast_input_bytes_total"
    private static let bytesOut = "recast_output_bytes_total"
    private static let transcodeSeconds = "recast_transcode_duration_seconds"
    private static let realTime = "recast_transcode_times_real_time"
    private static let waiting = "recast_jobs"
    private static let messages = "recast_queue_messages"
    private static let oldest = "recast_queue_oldest_message_seconds"

    private static let descriptions: [String: PrometheusRegistry.Description] = [
        requestSeconds: .init(
            help: "Time until an answer was ready, or written when it was long.",
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        ),
        ended: .init(help: "Jobs that ended in this process, by how."),
        retries: .init(help: "Times that this process put a job back to be tried again."),
        bytesIn: .init(help: "Bytes of the inputs of jobs that were completed."),
        bytesOut: .init(help: "Bytes of the outputs of jobs that were completed."),
        transcodeSeconds: .init(
            help: "Time a completed job took, by the preset of its first output.",
            buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200]
        ),
        realTime: .init(
            help: "Seconds of output a completed job made in a second, by the preset of its first output.",
            buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]
        ),
        waiting: .init(help: "Jobs that have not ended, by status; counted up to a thousand."),
        messages: .init(help: "Messages in the queue, approximately."),
        oldest: .init(help: "Time the oldest visible message has waited; 0 without one."),
    ]

    private let registry = PrometheusRegistry(descriptions)
    private let presets = Mutex<Set<String>>([])

    package init() {}

    /// Everything measured so far, in the text exposition format.
    package var text: String { registry.text() }

    func answered(route: String?, _ method: String, _ status: Int, seconds: Double) {
        let dimensions = [
            ("route", route ?? "NotFound"), ("method", Self.methods.contains(method) ? method : "other"),
            ("status", String(status)),
        ]
        Metrics.Timer(label: Self.requestSeconds, dimensions: dimensions, factory: registry)
            .recordSeconds(seconds)
    }

    /// Counts an attempt at a job that is over.
    package func observed(_ attempt: JobObservation) {
        guard attempt.status.isTerminal else {
            return Counter(label: Self.retries, factory: registry).increment()
        }
        Counter(label: Self.ended, dimensions: [("status", attempt.status.rawValue)], factory: registry)
            .increment()
        guard attempt.status == .complete else { return }
        FloatingPointCounter(label: Self.bytesIn, factory: registry)
            .increment(by: Double(max(0, attempt.bytesIn)))
        FloatingPointCounter(label: Self.bytesOut, factory: registry)
            .increment(by: Double(max(0, attempt.bytesOut)))
        guard let preset = attempt.presetIDs.first else { return }
        let dimensions = [("preset", label(preset))]
        Recorder(label: Self.transcodeSeconds, dimensions: dimensions, factory: registry)
            .record(attempt.workSeconds)
        guard attempt.workSeconds > 0, attempt.mediaSeconds > 0 else { return }
        Recorder(label: Self.realTime, dimensions: dimensions, factory: registry)
            .record(attempt.mediaSeconds / attempt.workSeconds)
    }

    func counted(_ counts: [JobStatus: Int]) {
        for (status, count) in counts {
            Meter(label: Self.waiting, dimensions: [("status", status.rawValue)], factory: registry)
                .set(count)
        }
    }

    func measured(_ depth: QueueDepth) {
        for (state, count) in [
            ("visible", depth.visible), ("in_flight", depth.inFlight), ("dead", depth.dead),
        ] {
            Meter(label: Self.messages, dimensions: [("state", state)], factory: registry).set(count)
        }
        Meter(label: Self.oldest, factory: registry).set(depth.oldestAge ?? 0)
    }

    private func label(_ preset: String) -> String {
        presets.withLock { presets in
            if presets.contains(preset) { return preset }
            guard presets.count < Self.presetLimit else { return "other" }
            presets.insert(preset)
            return preset
        }
    }
}
