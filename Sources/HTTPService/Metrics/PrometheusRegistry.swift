internal import Metrics
internal import Synchronization

/// Keeps measurements, and writes them as Prometheus reads them (text exposition format 0.0.4).
///
/// The number of series is bounded: what would be one too many is not kept.
final class PrometheusRegistry: MetricsFactory {
    /// What one label of measurements is.
    struct Description: Sendable {
        var help: String
        /// Upper ends of a histogram's buckets, ascending; without them it counts and adds up only.
        var buckets: [Double] = []
    }

    private struct Key: Hashable {
        let name: String
        let labels: [String]
    }

    private static let seriesLimit = 4000

    private let descriptions: [String: Description]
    private let series = Mutex<[Key: any PrometheusSeries]>([:])

    init(_ descriptions: [String: Description]) { self.descriptions = descriptions }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions) { NumberSeries(kind: .counter) }
    }

    func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        find(label, dimensions) { NumberSeries(kind: .counter) }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, dimensions) { NumberSeries(kind: .gauge) }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        find(label, dimensions) { HistogramSeries(buckets: descriptions[label]?.buckets ?? []) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions) { HistogramSeries(buckets: descriptions[label]?.buckets ?? []) }
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything kept, by name and labels.
    func text() -> String {
        let all = series.withLock { $0 }
        var lines: [String] = []
        for (name, group) in Dictionary(grouping: all, by: \.key.name).sorted(by: { $0.key < $1.key }) {
            guard let kind = group.first?.value.kind else { continue }
            if let help = descriptions[name]?.help { lines.append("# HELP \(name) \(help)") }
            lines.append("# TYPE \(name) \(kind.rawValue)")
            for (key, series) in group.sorted(by: { $0.key.labels.lexicographicallyPrecedes($1.key.labels) })
            {
                lines += series.lines(name: name, labels: key.labels)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func find<Series: PrometheusSeries>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ make: () -> Series
    ) -> Series {
        let key = Key(
            name: Self.name(label),
            labels: dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }.sorted()
        )
        return series.withLock { series in
            if let known = series[key] as? Series { return known }
            let new = make()
            // One of the same name but of another kind would make the text wrong.
            if series[key] == nil, series.count < Self.seriesLimit { series[key] = new }
            return new
        }
    }

    private static func name(_ text: String) -> String {
        let name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        return name.first?.isNumber ?? true ? "_" + name : name
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
