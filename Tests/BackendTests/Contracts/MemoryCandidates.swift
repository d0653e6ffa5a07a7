import Foundation
import Jobs
import TestBackends

extension Candidate where Subject == ObjectStoreSubject {
    static let inMemory = Candidate("in memory") {
        ObjectStoreSubject(store: InMemoryObjectStore(buckets: ["videos"]), bucket: "videos")
    }
}

extension Candidate where Subject == JobQueueSubject {
    static let inMemory = Candidate("in memory") { JobQueueSubject(queue: InMemoryJobQueue()) }
}

extension Candidate where Subject == MetadataStoreSubject {
    static let inMemory = Candidate("in memory") {
        let store = InMemoryMetadataStore()
        return MetadataStoreSubject(
            store: store,
            putForeign: { await store.putForeign($0, attributes: $1) },
            foreignAttributes: { await store.foreignAttributes(projectStep: $0, mail: $1) }
        )
    }
}

extension Candidate where Subject == NotifierSubject {
    static let inMemory = Candidate("in memory") {
        let notifier = InMemoryNotifier(missingTopics: ["missing"])
        return NotifierSubject(notifier: notifier, topic: "topic", missingTopic: "missing") {
            await notifier.sent.map { NotifierSubject.Delivery(subject: $0.subject, message: $0.message) }
        }
    }
}
