internal import Foundation
internal import Jobs

/// An Amazon Resource Name: `arn:aws:sqs:eu-west-1:123456789012:videos`.
struct ResourceName: Sendable, Equatable {
    let partition: String
    let service: String
    let account: String
    let text: String

    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[5].isEmpty else { return nil }
        partition = String(parts[1])
        service = String(parts[2])
        account = String(parts[4])
        self.text = text
    }
}

/// What allows S3 to send a bucket's events to a queue (Amazon S3 User Guide, "Granting permissions to
/// publish event notification messages to a destination").
enum QueuePolicy {
    /// A statement's id is letters and digits only; a bucket's name has none in upper case.
    static func statementID(bucket: String) -> String {
        bucket.utf8.reduce(into: "Recast") { id, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.properties.numericType != nil || scalar.properties.isLowercase
            id += isPlain ? String(scalar) : "X" + String(byte, radix: 16, uppercase: true)
        }
    }

    /// The policy with the permission added, or `nil` when it is there already.
    ///
    /// Statements of others are kept as they are.
    static func adding(
        bucket: String,
        queue: ResourceName,
        to policy: String?
    ) throws(BackendError) -> String? {
        var document: [String: Any] = ["Version": "2012-10-17"]
        if let policy, !policy.isEmpty {
            guard let known = try? JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any]
            else { throw BackendError(.invalid, "the policy of \(queue.text) is not JSON") }
            document = known
        }
        var statements: [[String: Any]] = []
        if let many = document["Statement"] as? [[String: Any]] {
            statements = many
        } else if let one = document["Statement"] as? [String: Any] {
            statements = [one]
        }
        let id = statementID(bucket: bucket)
        let resource = "arn:\(queue.partition):s3:::\(bucket)"
        // One of ours that somebody has changed since stays changed.
        let isThere = statements.contains { $0["Sid"] as? String == id || allows($0, source: resource) }
        guard !isThere else { return nil }
        statements.append(statement(id: id, source: resource, queue: queue))
        document["Statement"] = statements
        guard let data = try? JSONSerialization.data(withJSONObject: document, options: [.sortedKeys])
        else { throw BackendError(.invalid, "the policy of \(queue.text) cannot be written as JSON") }
        return String(decoding: data, as: UTF8.self)
    }

    private static func statement(id: String, source: String, queue: ResourceName) -> [String: Any] {
        [
            "Sid": id,
            "Effect": "Allow",
            "Principal": ["Service": "s3.amazonaws.com"],
            "Action": "sqs:SendMessage",
            "Resource": queue.text,
            // The account as well: a bucket's name can be taken by others once it is deleted.
            "Condition": [
                "ArnEquals": ["aws:SourceArn": source],
                "StringEquals": ["aws:SourceAccount": queue.account],
            ],
        ]
    }

    /// Whether a statement, whoever wrote it, lets the bucket send.
    private static func allows(_ statement: [String: Any], source: String) -> Bool {
        let actions = texts(statement["Action"]).map { $0.lowercased() }
        let conditions = statement["Condition"] as? [String: [String: Any]] ?? [:]
        return statement["Effect"] as? String == "Allow"
            && (actions.contains("sqs:sendmessage") || actions.contains("sqs:*"))
            && ["ArnEquals", "ArnLike", "StringEquals"].contains { condition in
                texts(conditions[condition]?["aws:SourceArn"]).contains(source)
            }
    }

    /// What is one text or several.
    private static func texts(_ value: Any?) -> [String] {
        (value as? [String]) ?? (value as? String).map { [$0] } ?? []
    }
}
