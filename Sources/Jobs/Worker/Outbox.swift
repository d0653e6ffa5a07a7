package import Foundation
package import Logging
internal import Synchronization

/// Notifications that wait for delivery, kept where the jobs are.
///
/// A notification is stored before anybody is told, and removed when it was delivered: a topic that cannot be
/// reached loses none, and holds up no job. Whoever delivers one claims it first: of several workers one
/// does, and another only when that one has died.
package struct Outbox: Sendable {
    /// Rings when something was posted here.
    let bell = Bell()
    private let store: any MetadataStore
    private let notifier: any Notifier
    private let owner = UUID().uuidString
    private let told = Told()
    private let now: @Sendable () -> Date

    /// Seconds that a delivery may take before others try it.
    private static let claimSeconds = 30.0

    package init(
        store: any MetadataStore,
        notifier: any Notifier,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.notifier = notifier
        self.now = now
    }

    /// The ids of those that were told here and could not be removed: they are not told again.
    private final class Told: Sendable {
        private let ids = Mutex<Set<String>>([])

        func contains(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }
        func add(_ id: String) { ids.withLock { _ = $0.insert(id) } }
        func remove(_ id: String) { ids.withLock { _ = $0.remove(id) } }
    }

    /// A notification as it is stored.
    private struct Entry: Codable {
        struct Claim: Codable {
            let owner: String
            let until: Date
        }

        let notification: Notification
        /// Who delivers it now.
        var claim: Claim?
    }

    /// Stores a notification; one with the same id that waits already stays.
    package func post(_ notification: Notification) async throws(BackendError) {
        let body: Data
        do { body = try JSONEncoder().encode(Entry(notification: notification)) } catch {
            throw BackendError(.invalid, "notification \(notification.id) cannot be written")
        }
        do {
            _ = try await store.insert(StoredDocument(kind: .notification, id: notification.id, body: body))
        } catch {
            guard error.code == .conflict else { throw error }
        }
        bell.ring()
    }

    /// What a round of deliveries came to.
    package struct Round: Sendable, Equatable {
        package var delivered = 0
        /// Those that still wait, because their topic failed or somebody else delivers them.
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
        if told.contains(document.id) {
            log.debug("notification was told before", metadata: facts)
        } else if let entry = try? JSONDecoder().decode(Entry.self, from: document.body) {
            let topic = entry.notification.topic
            guard !failing.contains(topic), isFree(entry) else { return false }
            guard let claimed = try await claim(document, entry) else { return false }
            do throws(BackendError) {
                try await notifier.send(entry.notification)
            } catch {
                guard !error.isRetryable else {
                    log.warning("notification waits", metadata: facts.merging(["reason": "\(error)"]) { $1 })
                    failing.insert(topic)
                    await release(claimed, entry)
                    return false
                }
                log.error("notification given up", metadata: facts.merging(["reason": "\(error)"]) { $1 })
            }
            told.add(document.id)
        } else {
            log.error("notification unreadable", metadata: facts)
        }
        try await store.deleteDocument(.notification, document.id)
        told.remove(document.id)
        return true
    }

    /// A claim further ahead than anybody makes them comes from a clock that is wrong, and does not count.
    private func isFree(_ entry: Entry) -> Bool {
        guard let claim = entry.claim, claim.owner != owner else { return true }
        return !(0...Self.claimSeconds * 2).contains(claim.until.timeIntervalSince(now()))
    }

    /// The document as it is claimed; `nil` when somebody else was faster.
    private func claim(_ document: StoredDocument, _ entry: Entry) async throws(BackendError)
        -> StoredDocument?
    {
        var entry = entry
        entry.claim = Entry.Claim(owner: owner, until: now().addingTimeInterval(Self.claimSeconds))
        do {
            return try await replace(document, entry)
        } catch {
            guard error.code == .conflict else { throw error }
            return nil
        }
    }

    /// Lets others try at once, even when the task is cancelled; who cannot say so soon lets them wait for
    /// the claim to end.
    private func release(_ document: StoredDocument, _ entry: Entry) async {
        let release = Task {
            var entry = entry
            entry.claim = nil
            _ = try? await replace(document, entry)
        }
        let limit = Task {
            try await Task.sleep(for: .seconds(1))
            release.cancel()
        }
        await release.value
        limit.cancel()
    }

    private func replace(_ document: StoredDocument, _ entry: Entry) async throws(BackendError)
        -> StoredDocument
    {
        var changed = document
        do { changed.body = try JSONEncoder().encode(entry) } catch {
            throw BackendError(.invalid, "notification \(document.id) cannot be written")
        }
        return try await store.replace(changed)
    }
}
