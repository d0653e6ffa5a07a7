internal import AWSSignature
internal import Foundation
package import Jobs

/// Publishes to SNS topics.
package struct SNSNotifier: Notifier {
    private let client: AWSClient

    package init(client: AWSClient) { self.client = client }

    package func send(_ notification: Jobs.Notification) async throws(BackendError) {
        let form = PercentEncoding.query(try SNSMessage.parameters(notification))
        let type = "application/x-www-form-urlencoded; charset=utf-8"
        // Those who listen know a notification by its id, so it may be sent again after a lost answer.
        let request = AWSRequest(.sns, "POST", headers: [("Content-Type", type)], body: Data(form.utf8))
        _ = try await client.send(request)
    }
}
