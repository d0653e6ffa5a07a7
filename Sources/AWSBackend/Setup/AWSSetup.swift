internal import AWSSignature
internal import Foundation
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
        let objects = S3ObjectStore(client: client)
        guard try await objects.hasBucket(plan.bucket) else {
            throw BackendError(.notFound, "there is no bucket \(plan.bucket)")
        }

        var sentences = [
            try await make(.jobs(named: plan.table)), try await make(.responses(named: plan.responses)),
        ]
        let queues = QueueSetup(service: JSONService(client: client, service: .sqs))
        let made = try await queues.make(queue, deadLetters: deadLetters, bucket: plan.bucket)
        sentences += made.sentences

        // With an id of its own nothing else of ours gives way, such as another prefix's queue.
        let digest = Digest.sha256(Data("\(made.resource.text)\n\(plan.prefix)".utf8)).hexadecimal
        let isNew = try await objects.notify(
            queueARN: made.resource.text,
            ofNewObjectsIn: plan.bucket,
            prefix: plan.prefix,
            id: "recast-\(digest.prefix(16))"
        )
        let sentence = "new objects in \(plan.bucket)/\(plan.prefix) go to queue \(queue.name)"
        return sentences + [isNew ? sentence : sentence + " already"]
    }

    /// Makes one table, and says whether it was there already.
    package func make(_ design: TableDesign) async throws(BackendError) -> String {
        try await TableSetup(service: JSONService(client: client, service: .dynamodb)).make(design)
    }
}
