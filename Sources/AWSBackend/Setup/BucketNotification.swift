internal import Foundation
internal import Jobs

/// A bucket's notification configuration, the XML that S3 gives and takes (Amazon S3 API Reference,
/// "NotificationConfiguration").
enum BucketNotification {
    static let event = "s3:ObjectCreated:*"

    /// The configuration with one for `queue` added, or `nil` when it is there already.
    ///
    /// All others stay as they are, byte for byte: what we do not know we cannot write again.
    static func adding(
        queue: ResourceName,
        prefix: String,
        to configuration: Data
    ) throws(BackendError) -> String? {
        let text = String(decoding: configuration, as: UTF8.self)
        var known: [XMLNode] = []
        if !configuration.isEmpty {
            guard let root = try? XMLNode.parse(configuration), roots.contains(root.name) else {
                throw unknown
            }
            known = root.children
        }
        let queues = known.filter { $0.name == "QueueConfiguration" }
        guard !queues.contains(where: { sends($0, to: queue, prefix: prefix) }) else { return nil }
        let added = element(queue: queue, prefix: prefix)
        guard let end = text.range(of: "</NotificationConfiguration>") else {
            guard known.isEmpty else { throw unknown }
            return "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + added + "</NotificationConfiguration>"
        }
        // Queues stand before functions and EventBridge.
        let later = ["<CloudFunctionConfiguration", "<EventBridgeConfiguration"]
        let place = later.compactMap { text.range(of: $0)?.lowerBound }.min() ?? end.lowerBound
        return text[..<place] + added + text[place...]
    }

    /// S3's own, and what a stand-in for it calls an empty one.
    private static let roots: Set = ["NotificationConfiguration", "GetBucketNotificationResponse"]
    private static let unknown = BackendError(
        .invalid,
        "the bucket's notification configuration is not understood"
    )

    private static func element(queue: ResourceName, prefix: String) -> String {
        var filter = ""
        if !prefix.isEmpty {
            filter =
                "<Filter><S3Key><FilterRule><Name>prefix</Name><Value>\(XMLNode.escaped(prefix))</Value>"
                + "</FilterRule></S3Key></Filter>"
        }
        return "<QueueConfiguration><Queue>\(XMLNode.escaped(queue.text))</Queue><Event>\(event)</Event>"
            + filter + "</QueueConfiguration>"
    }

    /// Whether a configuration sends every new object below `prefix` to the queue.
    private static func sends(_ configuration: XMLNode, to queue: ResourceName, prefix: String) -> Bool {
        guard configuration.text("Queue") == queue.text,
            configuration.all("Event").contains(where: { $0.text == event })
        else { return false }
        var rules: [String: String] = [:]
        for rule in configuration.first("Filter")?.first("S3Key")?.all("FilterRule") ?? [] {
            rules[(rule.text("Name") ?? "").lowercased()] = rule.text("Value")
        }
        return rules["suffix", default: ""].isEmpty && prefix.hasPrefix(rules["prefix", default: ""])
    }
}
