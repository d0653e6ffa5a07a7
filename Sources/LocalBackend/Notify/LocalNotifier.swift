package import Foundation
internal import GRDB
package import HTTPTransport
package import Jobs

/// Writes notifications to a log in the database and, when their topic is a web address, posts them.
package struct LocalNotifier: Notifier {
    /// A notification in the log.
    package struct Entry: Sendable, Equatable {
        package let notification: Jobs.Notification
        /// When it was sent for the first time.
        package let date: Date
    }

    /// Sends a request and returns the answer, whatever its status; follows no redirections.
    package typealias Send = @Sendable (HTTPRequest) async throws(HTTPFailure) -> HTTPResponse

    private let database: LocalDatabase
    private let clock: WallClock
    private let webhooks: WebhookNotifier

    package init(
        _ database: LocalDatabase,
        settings: WebhookSettings = WebhookSettings(),
        clock: WallClock = .system,
        post: @escaping Send
    ) {
        self.database = database
        self.clock = clock
        webhooks = WebhookNotifier(settings: settings, clock: clock, post: post)
    }

    package func send(_ notification: Jobs.Notification) async throws(BackendError) {
        let now = clock.now()
        try await database.write("log notification \(notification.id)") { database in
            // The same notification sent again is the one that is there.
            try database.execute(
                sql: """
                    INSERT INTO notifications (id, topic, subject, message, at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO NOTHING
                    """,
                arguments: [
                    notification.id, notification.topic, notification.subject, notification.message,
                    now.timeIntervalSince1970,
                ]
            )
        }
        try await webhooks.send(notification)
    }

    /// The last `limit` notifications in the log, the newest first.
    package func entries(limit: Int) async throws(BackendError) -> [Entry] {
        try await database.read("read the notifications") { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT * FROM notifications ORDER BY number DESC LIMIT ?",
                arguments: [max(0, limit)]
            )
            return rows.map { row in
                Entry(
                    notification: Jobs.Notification(
                        id: row["id"],
                        topic: row["topic"],
                        subject: row["subject"],
                        message: row["message"]
                    ),
                    date: Date(timeIntervalSince1970: row["at"])
                )
            }
        }
    }
}
