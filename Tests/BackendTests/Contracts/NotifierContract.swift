import Foundation
import Jobs
import Testing

/// A notifier, and what has arrived at the other end.
struct NotifierSubject: Sendable {
    let notifier: any Notifier
    let topic: String
    /// A topic that is not there; `nil` where every name is one.
    let missingTopic: String?
    /// Subject and message of each delivery so far.
    let delivered: @Sendable () async throws -> [Delivery]

    struct Delivery: Hashable {
        let subject: String
        let message: String
    }
}

@Suite("A notifier")
struct NotifierContract {
    @Test("A notification arrives as it was sent", arguments: Candidate.notifiers)
    func delivers(_ candidate: Candidate<NotifierSubject>) async throws {
        let subject = try await candidate.make()
        let expected = [
            NotifierSubject.Delivery(
                subject: "Amazon Elastic Transcoder",
                message: #"{"state":"COMPLETED"}"#
            ),
            NotifierSubject.Delivery(
                // SNS takes fewer than 100.
                subject: String(repeating: "s", count: 99),
                message: #"{"key":"é€😀 a+b&c=d%2F","text":"\"\n"}"#
            ),
        ]
        for (index, delivery) in expected.enumerated() {
            try await subject.notifier.send(
                Jobs.Notification(
                    id: uniqueName("n\(index)"),
                    topic: subject.topic,
                    subject: delivery.subject,
                    message: delivery.message
                )
            )
        }
        let hasArrived = try await eventually { Set(try await subject.delivered()) == Set(expected) }
        #expect(hasArrived)
    }

    @Test("Sending a notification again is no error", arguments: Candidate.notifiers)
    func sendsAgain(_ candidate: Candidate<NotifierSubject>) async throws {
        let subject = try await candidate.make()
        let notification = Jobs.Notification(
            id: uniqueName("n"),
            topic: subject.topic,
            subject: "again",
            message: "{}"
        )
        try await subject.notifier.send(notification)
        try await subject.notifier.send(notification)
        let expected = NotifierSubject.Delivery(subject: "again", message: "{}")
        #expect(try await eventually { Set(try await subject.delivered()) == [expected] })
    }

    @Test("Sending to a topic that is not there fails for good", arguments: Candidate.notifiers)
    func refusesMissingTopic(_ candidate: Candidate<NotifierSubject>) async throws {
        let subject = try await candidate.make()
        guard let topic = subject.missingTopic else { return }
        let notification = Jobs.Notification(id: "n", topic: topic, subject: "s", message: "{}")
        let code = try await failure { try await subject.notifier.send(notification) }
        #expect(code == .notFound || code == .invalid)
    }
}
