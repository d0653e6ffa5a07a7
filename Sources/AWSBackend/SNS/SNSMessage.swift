internal import AWSSignature
internal import Foundation
internal import Hashing
internal import Jobs

/// A notification as SNS takes it (Amazon SNS API Reference, "Publish").
enum SNSMessage {
    /// Bytes of a message.
    static let maximumByteCount = 256 << 10

    /// The parameters of the Publish action, in no certain order.
    ///
    /// - Throws: `invalid` for a topic that is none, and for a message that no topic takes.
    static func parameters(
        _ notification: Jobs.Notification
    ) throws(BackendError) -> [(name: String, value: String)] {
        let topic = notification.topic
        guard let resource = ResourceName(topic), resource.service == "sns" else {
            throw BackendError(.invalid, "\(topic) is not the ARN of an SNS topic")
        }
        guard (1...maximumByteCount).contains(notification.message.utf8.count) else {
            throw BackendError(.invalid, "a message to \(topic) has 1 to \(maximumByteCount) bytes")
        }
        var parameters = [
            ("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic),
            ("Message", notification.message),
        ]
        let subject = subject(notification.subject)
        if !subject.isEmpty { parameters.append(("Subject", subject)) }
        if topic.hasSuffix(".fifo") {
            let id = identifier(notification.id)
            parameters += [("MessageGroupId", id), ("MessageDeduplicationId", id)]
        }
        return parameters
    }

    /// ASCII without control characters that begins with no blank, fewer than 100 characters.
    static func subject(_ text: String) -> String {
        let ascii = text.unicodeScalars.map { scalar -> Character in
            switch scalar.value {
            case 0x20...0x7E: Character(scalar)
            case 0x80...: "?"
            default: " "
            }
        }
        return String(String(ascii.drop { $0 == " " }).prefix(99))
    }

    /// Up to 128 letters, digits and punctuation marks; a digest stands for what is something else.
    private static func identifier(_ id: String) -> String {
        let isPlain = id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isPlain && (1...128).contains(id.utf8.count)
            ? id : Digest.sha256(Data(id.utf8)).hexadecimal
    }
}
