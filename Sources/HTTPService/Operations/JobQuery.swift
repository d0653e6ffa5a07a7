internal import AWSSignature

/// The values of a query as a browser writes it; of repeated names the last counts.
struct JobQuery: Sendable {
    private let values: [String: String]

    init?(_ query: String) {
        guard let items = PercentEncoding.queryItems(query.replacing("+", with: "%20")) else { return nil }
        values = Dictionary(items.map { ($0.name, $0.value) }) { $1 }
    }

    subscript(name: String) -> String? { values[name] }
}
