internal import HTTPTransport
package import Jobs

/// Posts notifications whose topic is a web address; needs no database.
package struct WebhookNotifier: Notifier {
    private let settings: WebhookSettings
    private let clock: WallClock
    private let post: LocalNotifier.Send

    package init(
        settings: WebhookSettings = WebhookSettings(),
        clock: WallClock = .system,
        post: @escaping LocalNotifier.Send
    ) {
        self.settings = settings
        self.clock = clock
        self.post = post
    }

    /// Whether a topic is a web address.
    package static func takes(_ topic: String) -> Bool {
        topic.lowercased().hasPrefix("http://") || topic.lowercased().hasPrefix("https://")
    }

    /// Posts the notification; one with another kind of topic is left alone.
    package func send(_ notification: Jobs.Notification) async throws(BackendError) {
        guard let webhook = try Webhook(topic: notification.topic) else { return }
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await post(webhook.request(notification, at: clock.now(), settings))
        } catch {
            throw webhook.error(error)
        }
        try webhook.check(response)
    }
}
