package import Foundation
package import Jobs

/// Notifications in an array.
package actor InMemoryNotifier: Notifier {
    /// What was sent, in order; the same one more than once when it was sent more than once.
    package private(set) var sent: [Jobs.Notification] = []
    /// Topics that nothing can be sent to.
    private let missingTopics: Set<String>

    package init(missingTopics: Set<String> = []) { self.missingTopics = missingTopics }

    package func send(_ notification: Jobs.Notification) throws(BackendError) {
        guard !missingTopics.contains(notification.topic) else {
            throw BackendError(.notFound, "there is no topic \(notification.topic)")
        }
        sent.append(notification)
    }
}

/// All that a worker needs, in memory: what the contracts say, with nothing that could fail by itself.
package struct InMemoryBackend: Sendable {
    package let objects: InMemoryObjectStore
    package let queue: InMemoryJobQueue
    package let metadata: InMemoryMetadataStore
    package let notifier: InMemoryNotifier

    package init(buckets: [String], now: @escaping @Sendable () -> Date = { Date() }) {
        objects = InMemoryObjectStore(buckets: buckets, now: now)
        queue = InMemoryJobQueue(now: now)
        metadata = InMemoryMetadataStore()
        notifier = InMemoryNotifier()
    }
}
