internal import Foundation
internal import HTTPTransport
package import Jobs

/// Makes what a worker needs in an AWS account: queues, tables, and the bucket's events.
///
/// It makes what is missing, adds to what is there, and never removes or replaces anything, so it can be run
/// again at any time.
package struct AWSSetup: Sendable {
    /// What is to be made.
    package struct Plan: Sendable {
        /// The bucket whose new objects become jobs; it must exist.
        package var bucket: String
        /// Where the keys of these objects begin.
        package var prefix = ""
        package var queueURL: String
        package var deadLetterURL: String?
        package var table = "recast"
        package var responses = "responses"

        package init(bucket: String, queueURL: String) {
            self.bucket = bucket
            self.queueURL = queueURL
        }
    }

    private let client: AWSClient

    package init(client: AWSClient) { self.client = client }

    /// Does it all, and returns a sentence for each thing made or found.
    ///
    /// - Throws: `notFound` when there is no such bucket, `conflict` when a table of that name is another
    ///   one's, `invalid` for a wrong URL.
    package func run(_ plan: Plan) async throws(BackendError) -> [String] {
        let queue = try QueueName(url: plan.queueURL)
        var deadLetters: QueueName?
        if let url = plan.deadLetterURL { deadLetters = try QueueName(url: url) }
        let configuration = try await notifications(of: plan.bucket)

        var sentences = [
            try await make(.jobs(named: plan.table)), try await make(.responses(named: plan.responses)),
        ]
        let queues = QueueSetup(service: JSONService(client: client, service: .sqs))
        let made = try await queues.make(queue, deadLetters: deadLetters, bucket: plan.bucket)
        sentences += made.sentences

        let events = "new objects in \(plan.bucket)/\(plan.prefix)"
        let changed = try BucketNotification.adding(
            queue: made.resource,
            prefix: plan.prefix,
            to: configuration
        )
        guard let changed else { return sentences + ["\(events) go to queue \(queue.name) already"] }
        try await setNotifications(of: plan.bucket, to: changed)
        return sentences + ["\(events) go to queue \(queue.name)"]
    }

    /// Makes one table, and says whether it was there already.
    package func make(_ design: TableDesign) async throws(BackendError) -> String {
        try await TableSetup(service: JSONService(client: client, service: .dynamodb)).make(design)
    }

    private func notifications(of bucket: String) async throws(BackendError) -> Data {
        let query = [(name: "notification", value: "")]
        return try await client.send(AWSRequest(.s3, "GET", bucket: bucket, query: query)).body
    }

    private func setNotifications(
        of bucket: String,
        to configuration: String
    ) async throws(BackendError) {
        let request = AWSRequest(
            .s3,
            "PUT",
            bucket: bucket,
            query: [("notification", "")],
            headers: [("Content-Type", "application/xml")],
            body: Data(configuration.utf8)
        )
        _ = try await client.send(request)
    }
}
