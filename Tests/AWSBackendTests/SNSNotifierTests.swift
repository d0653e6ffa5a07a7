import Foundation
import Jobs
import TestServers
import Testing

@testable import AWSBackend

@Suite("SNS tells of jobs")
struct SNSNotifierTests {
    private static let topic = "arn:aws:sns:eu-west-1:123456789012:jobs"

    private static func notification(topic: String, message: String = "m") -> Jobs.Notification {
        Jobs.Notification(id: "n 1", topic: topic, subject: "Job é\nis Complete", message: message)
    }

    @Test("A notification reaches those who subscribed, as it was sent", arguments: Account.servers)
    func publishes(server: TestServer) async throws {
        let account = try await Account(server)
        let (url, resource) = try await account.openQueue()
        let queue = try SQSJobQueue(client: try account.client(), url: url, deadLetterURL: nil)
        let topic = try await account.boto.call("sns", "create_topic", ["Name": .string(Account.unique("t"))])
        let topicARN = try #require(topic["TopicArn"]?.string)
        _ = try await account.boto.call(
            "sns",
            "subscribe",
            ["TopicArn": .string(topicARN), "Protocol": "sqs", "Endpoint": .string(resource)]
        )
        let text = #"{"state":"COMPLETED","key":"a b+c%&=é€😀"}"#
        let notifier = SNSNotifier(client: try account.client())
        try await notifier.send(Self.notification(topic: topicARN, message: text))

        let messages = try await queue.receive(limit: 1, wait: 10, visibility: 30)
        let envelope = try JSON(text: try #require(messages.first?.body))
        #expect(envelope["Message"]?.string == text)
        #expect(envelope["Subject"]?.string == "Job ? is Complete")
        #expect(envelope["TopicArn"]?.string == topicARN)
    }

    @Test("A topic that is not there is not found", arguments: Account.servers)
    func namesMissingTopics(server: TestServer) async throws {
        let notifier = SNSNotifier(client: try await Account(server).client())
        let topic = "arn:aws:sns:us-east-1:000000000000:\(Account.unique("missing"))"
        let error = await #expect(throws: BackendError.self) {
            try await notifier.send(Self.notification(topic: topic))
        }
        #expect(error?.code == .notFound)
        #expect(error?.isRetryable == false)
    }

    @Test("A service that fails for now is retryable, and one that denies is not")
    func tellsApart() async throws {
        let body = "<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>"
        let failing = ScriptedTransport(answers: Array(repeating: (500, body), count: 10))
        let error = await #expect(throws: BackendError.self) {
            try await SNSNotifier(client: failing.client).send(Self.notification(topic: Self.topic))
        }
        #expect(error?.isRetryable == true)
        let denial = "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>"
        let denying = ScriptedTransport(answers: [(403, denial)])
        let other = await #expect(throws: BackendError.self) {
            try await SNSNotifier(client: denying.client).send(Self.notification(topic: Self.topic))
        }
        #expect(other?.code == .denied)
    }

    @Test("A FIFO topic is given the notification's id, or its digest where it takes no such id")
    func ordersFIFO() throws {
        var notification = Self.notification(topic: Self.topic + ".fifo")
        var parameters = Dictionary(uniqueKeysWithValues: try SNSMessage.parameters(notification))
        #expect(parameters["MessageGroupId"]?.count == 64)
        notification.id = "1764000000123-abc123/Complete"
        parameters = Dictionary(uniqueKeysWithValues: try SNSMessage.parameters(notification))
        #expect(parameters["MessageGroupId"] == notification.id)
        #expect(parameters["MessageDeduplicationId"] == notification.id)
        let plain = try SNSMessage.parameters(Self.notification(topic: Self.topic))
        #expect(plain.map(\.name).contains("MessageGroupId") == false)
    }

    @Test(
        "A subject is ASCII on one line, shorter than 100 characters, and begins with no blank",
        arguments: [
            ("", ""), ("\n\u{0} a\tb", "a b"), ("é", "?"),
            (String(repeating: "x", count: 120), String(repeating: "x", count: 99)),
        ]
    )
    func cleansSubjects(subject: String, sent: String) {
        #expect(SNSMessage.subject(subject) == sent)
    }

    @Test(
        "What is no topic, and what no topic takes, is invalid before anything is sent",
        arguments: [
            ("https://example.com/hook", "m"), ("arn:aws:sqs:eu-west-1:1:q", "m"), ("", "m"),
            ("arn:aws:sns:eu-west-1:1:t", ""),
            ("arn:aws:sns:eu-west-1:1:t", String(repeating: "m", count: 262_145)),
        ]
    )
    func refuses(topic: String, message: String) async throws {
        let transport = ScriptedTransport(answers: [])
        let error = await #expect(throws: BackendError.self) {
            try await SNSNotifier(client: transport.client)
                .send(Self.notification(topic: topic, message: message))
        }
        #expect(error?.code == .invalid)
        #expect(transport.requests.isEmpty)
    }
}
