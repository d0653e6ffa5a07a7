internal import Foundation
internal import HTTPTransport
package import Jobs

extension S3ObjectStore {
    /// Lets the bucket tell a queue of new objects, and keeps what it tells others.
    ///
    /// Returns false when it does so already.
    ///
    /// - Throws: `invalid` when something else than this queue is told of the same objects, which S3 refuses.
    package func notify(
        queueARN: String,
        ofNewObjectsIn bucket: String,
        prefix: String = "",
        id: String = "recast"
    ) async throws(BackendError) -> Bool {
        let known = try await notifications(of: bucket)
        let wanted = QueueNotification(queueARN: queueARN, prefix: prefix, id: id)
        guard !known.all("QueueConfiguration").contains(where: wanted.isMet) else { return false }
        // Another configuration of ours, perhaps with an older prefix, gives way.
        let others = known.children.filter { $0.text("Id") != id }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        // Topics and queues come before functions and EventBridge.
        let first = others.prefix { ["TopicConfiguration", "QueueConfiguration"].contains($0.name) }
        let document =
            "<NotificationConfiguration xmlns=\"\(namespace)\">" + first.map(\.document).joined()
            + wanted.document + others.dropFirst(first.count).map(\.document).joined()
            + "</NotificationConfiguration>"
        var request = try S3Request.bucket(bucket, "PUT", query: [("notification", "")])
        request.headers = [("Content-Type", "application/xml")]
        request.body = Data(document.utf8)
        _ = try await client.send(request)
        return true
    }

    private func notifications(of bucket: String) async throws(BackendError) -> XMLNode {
        let answer = try await client.send(
            try S3Request.bucket(bucket, "GET", query: [("notification", "")])
        )
        // The second is what a stand-in for S3 calls an empty one.
        let names = ["NotificationConfiguration", "GetBucketNotificationResponse"]
        guard let root = try? XMLNode.parse(answer.body), names.contains(root.name) else {
            throw BackendError(.unavailable, "bucket \(bucket): its notifications are no XML")
        }
        return root
    }
}

/// What a bucket tells a queue.
private struct QueueNotification {
    let queueARN: String
    let prefix: String
    let id: String
    private let event = "s3:ObjectCreated:*"

    init(queueARN: String, prefix: String, id: String) {
        self.queueARN = queueARN
        self.prefix = prefix
        self.id = id
    }

    /// Whether a configuration of the bucket does this already, or more.
    func isMet(by node: XMLNode) -> Bool {
        let rules = node.first("Filter")?.first("S3Key")?.all("FilterRule") ?? []
        return node.text("Queue") == queueARN && node.all("Event").contains { $0.text == event }
            && rules.allSatisfy { rule in
                rule.text("Name")?.lowercased() == "prefix" && prefix.hasPrefix(rule.text("Value") ?? "")
            }
    }

    var document: String {
        let rule = "<FilterRule><Name>prefix</Name><Value>\(XMLNode.escaped(prefix))</Value></FilterRule>"
        let filter = prefix.isEmpty ? "" : "<Filter><S3Key>\(rule)</S3Key></Filter>"
        return
            "<QueueConfiguration><Id>\(XMLNode.escaped(id))</Id><Queue>\(XMLNode.escaped(queueARN))</Queue>"
            + "<Event>\(event)</Event>\(filter)</QueueConfiguration>"
    }
}
