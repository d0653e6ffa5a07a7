internal import Foundation
internal import Jobs

/// What SQS is told and answers (Amazon SQS API Reference, AWS JSON protocol).
enum SQS {
    struct Attribute: Codable, Equatable {
        var type = "String"
        var text: String?

        init(_ text: String) { self.text = text }

        enum CodingKeys: String, CodingKey {
            case type = "DataType"
            case text = "StringValue"
        }

        /// Bytes counted towards a message's limit.
        func byteCount(named name: String) -> Int {
            name.utf8.count + type.utf8.count + (text ?? "").utf8.count
        }
    }

    struct SendMessage: Encodable {
        var queue: String
        var body: String
        /// Seconds.
        var delay: Int?
        var attributes: [String: Attribute]?

        enum CodingKeys: String, CodingKey {
            case queue = "QueueUrl"
            case body = "MessageBody"
            case delay = "DelaySeconds"
            case attributes = "MessageAttributes"
        }
    }

    struct ReceiveMessage: Encodable {
        var queue: String
        var limit: Int
        /// Seconds.
        var wait: Int
        /// Seconds.
        var visibility: Int
        /// `MessageSystemAttributeNames` is this member's newer name, which not every server knows.
        var systemAttributes = ["ApproximateReceiveCount", "SentTimestamp"]
        var attributes: [String] = []

        enum CodingKeys: String, CodingKey {
            case queue = "QueueUrl"
            case limit = "MaxNumberOfMessages"
            case wait = "WaitTimeSeconds"
            case visibility = "VisibilityTimeout"
            case systemAttributes = "AttributeNames"
            case attributes = "MessageAttributeNames"
        }
    }

    struct ReceivedMessages: Decodable {
        let messages: [Message]?

        enum CodingKeys: String, CodingKey { case messages = "Messages" }
    }

    struct Message: Decodable {
        let id: String
        let receipt: String
        let body: String
        let systemAttributes: [String: String]?
        let attributes: [String: Attribute]?

        enum CodingKeys: String, CodingKey {
            case id = "MessageId"
            case receipt = "ReceiptHandle"
            case body = "Body"
            case systemAttributes = "Attributes"
            case attributes = "MessageAttributes"
        }

        var received: QueueMessage {
            let count = systemAttributes?["ApproximateReceiveCount"].flatMap { Int($0) }
            let sent = systemAttributes?["SentTimestamp"].flatMap { Double($0) }
            return QueueMessage(
                id: id,
                receipt: receipt,
                body: body,
                receiveCount: count ?? 1,
                sent: Date(timeIntervalSince1970: (sent ?? 0) / 1000)
            )
        }
    }

    /// One delivery of a message: what is deleted, or hidden for `visibility` seconds more.
    struct Delivery: Encodable {
        var queue: String
        var receipt: String
        var visibility: Int?

        enum CodingKeys: String, CodingKey {
            case queue = "QueueUrl"
            case receipt = "ReceiptHandle"
            case visibility = "VisibilityTimeout"
        }
    }

    struct GetQueueAttributes: Encodable {
        var queue: String
        var names: [String]

        enum CodingKeys: String, CodingKey {
            case queue = "QueueUrl"
            case names = "AttributeNames"
        }
    }

    struct QueueAttributes: Decodable {
        let attributes: [String: String]?

        enum CodingKeys: String, CodingKey { case attributes = "Attributes" }
    }
}
