/// A message for those who want to hear of jobs.
package struct Notification: Codable, Sendable, Equatable {
    /// The same however often it is delivered.
    package var id: String
    /// An SNS topic's ARN, a webhook's address, or a name in the local log.
    package var topic: String
    /// At most 100 characters.
    package var subject: String
    /// JSON.
    package var message: String

    package init(id: String, topic: String, subject: String, message: String) {
        self.id = id
        self.topic = topic
        self.subject = subject
        self.message = message
    }
}

/// Delivers notifications, each at least once.
package protocol Notifier: Sendable {
    /// - Throws: a retryable error when it may be delivered later, any other when it never can.
    func send(_ notification: Notification) async throws(BackendError)
}
