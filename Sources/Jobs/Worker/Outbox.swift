internal import Foundation
package import Logging

/// Notifications that wait for delivery, kept where the jobs are.
///
/// A notification is stored before anybody is told, and removed when it was delivered: a topic that cannot be
/// reached loses none, and holds up no job.
package struct Outbox: Sendable {
    private let store: any MetadataStore
    private let notifier: any Notifier

    package init(store: any MetadataStore, notifier: any Notifier) {
        self.store = store
        self.notifier = notifier
    }

    /// Stores a notification; one with the same id that waits already stays.
    package func post(_ notification: Notification) async throws(BackendError) {
        let body: Data
        do { body = try JSONEncoder().encode(notification) } catch {
            throw BackendError(.invalid, "notification \(notification.id) cannot be written")
        }
        do {
            _ = try await store.insert(StoredDocument(kind: .notification, id: notification.id, body: body))
        } catch {
            guard error.code == .conflict else { throw error }
        }
    }

    /// What a round of deliveries came to.
    package struct Round: Sendable, Equatable {
        package var delivered = 0
        /// Those that still wait, because their topic failed.
        package var waiting = 0
    }

    /// Delivers what waits, those of one job in order.
    ///
    /// A topic that fails is left alone for the rest of the round: however much waits for it, the others'
    /// have their turn.
    package func deliver(_ log: Logger) async throws(BackendError) -> Round {
        var round = Round()
        var held = Held()
        var after: String?
        repeat {
            let page = try await store.documents(.notification, ascending: true, after: after, limit: 100)
            for document in page.items {
                let job = document.id.prefix { $0 != "." }
                if !held.jobs.contains(job), try await deliver(document, &held.topics, log) {
                    round.delivered += 1
                } else {
                    held.jobs.insert(job)
                    round.waiting += 1
                }
            }
            after = page.next
        } while after != nil
        return round
    }

    /// What has to wait for the next round.
    private struct Held {
        var jobs: Set<Substring> = []
        var topics: Set<String> = []
    }

    /// Whether the document is dealt with; adds its topic to those that fail.
    private func deliver(
        _ document: StoredDocument,
        _ failing: inout Set<String>,
        _ log: Logger
    ) async throws(BackendError) -> Bool {
        let facts: Logger.Metadata = ["notification": "\(document.id)"]
        if let notification = try? JSONDecoder().decode(Notification.self, from: document.body) {
            guard !failing.contains(notification.topic) else { return false }
            do throws(BackendError) {
                try await notifier.send(notification)
            } catch {
                guard !error.isRetryable else {
                    log.warning("notification waits", metadata: facts.merging(["reason": "\(error)"]) { $1 })
                    failing.insert(notification.topic)
                    return false
                }
                log.error("notification given up", metadata: facts.merging(["reason": "\(error)"]) { $1 })
            }
        } else {
            log.error("notification unreadable", metadata: facts)
        }
        try await store.deleteDocument(.notification, document.id)
        return true
    }
}
