internal import Metrics
internal import Synchronization

enum PrometheusKind: String, Sendable {
    case counter, gauge, histogram
}

/// One series of measurements.
protocol PrometheusSeries: AnyObject, Sendable {
    var kind: PrometheusKind { get }
    /// `labels` are written out already, such as `status="200"`.
    func lines(name: String, labels: [String]) -> [String]
}

extension PrometheusSeries {
    static func line(_ name: String, _ labels: [String], _ value: Double) -> String {
        let text = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        return "\(name)\(text) \(number(value))"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}

/// A number that grows, or that goes up and down.
final class NumberSeries: PrometheusSeries, CounterHandler, FloatingPointCounterHandler, MeterHandler {
    let kind: PrometheusKind
    private let value = Mutex(0.0)

    init(kind: PrometheusKind) { self.kind = kind }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func reset() { set(0.0) }

    func lines(name: String, labels: [String]) -> [String] {
        [Self.line(name, labels, value.withLock { $0 })]
    }
}

/// How often values were at most so much.
final class HistogramSeries: PrometheusSeries, RecorderHandler, TimerHandler {
    private struct State {
        var counts: [Int]
        var count = 0
        var sum = 0.0
    }

    let kind = PrometheusKind.histogram
    private let buckets: [Double]
    private let state: Mutex<State>

    init(buckets: [Double]) {
        self.buckets = buckets
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let place = buckets.firstIndex { value <= $0 }
        state.withLock { state in
            if let place { state.counts[place] &+= 1 }
            state.count &+= 1
            state.sum += value
        }
    }

    /// In seconds, as Prometheus would have it.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func preferDisplayUnit(_ unit: TimeUnit) {}

    func lines(name: String, labels: [String]) -> [String] {
        let state = state.withLock { $0 }
        var lines: [String] = []
        var total = 0
        for (bucket, count) in zip(buckets, state.counts) {
            total &+= count
            lines.append(Self.line("\(name)_bucket", labels + ["le=\"\(bucket)\""], Double(total)))
        }
        lines.append(Self.line("\(name)_bucket", labels + ["le=\"+Inf\""], Double(state.count)))
        lines.append(Self.line("\(name)_sum", labels, state.sum))
        lines.append(Self.line("\(name)_count", labels, Double(state.count)))
        return lines
    }
}
