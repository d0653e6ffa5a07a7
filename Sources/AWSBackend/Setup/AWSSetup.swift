internal import AWSSignature
internal import Foundation
internal import Hashing
package import Jobs

/// Makes what Recast needs in an AWS account: queues, tables, and the bucket's events and rules.
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
    /// How often S3 is asked to use a new queue, and seconds between two times.
    private static let attempts = (count: 12, distance: 5.0)

    package init(client: AWSClient) { self.client = client }

    /// Does it all, and returns a sentence for each thing made or found.
    ///
    /// - Throws: `notFound` when there is no such bucket, `conflict` when a table of that name is another
    ///   one's, `invalid` for a wrong URL.
    package func run(_ plan: Plan) async throws(BackendError) -> [String] {
        let queue = try QueueName(url: plan.queueURL)
        var deadLetters: QueueName?
        if let url = plan.deadLetterURL { deadLetters = try QueueName(url: url) }
        guard try await S3ObjectStore(client: client).hasBucket(plan.bucket) else {
            throw BackendError(.notFound, "there is no bucket \(plan.bucket)")
        }

        var sentences = [
            try await make(.jobs(named: plan.table)), try await make(.responses(named: plan.responses)),
        ]
        let queues = QueueSetup(service: JSONService(client: client, service: .sqs))
        let made = try await queues.make(queue, deadLetters: deadLetters, bucket: plan.bucket)
        sentences += made.sentences

        sentences.append(try await allowForms(plan.bucket))
        let isNew = try await tell(made, plan)
        let sentence = "new objects in \(plan.bucket)/\(plan.prefix) go to queue \(queue.name)"
        return sentences + [isNew ? sentence : sentence + " already"]
    }

    /// Lets the bucket tell the queue; false when it does so already.
    ///
    /// S3 tries the queue out and refuses one that does not let it in. It takes a while until all of SQS knows
    /// a policy, so that this is tried again after one was set.
    private func tell(_ made: QueueSetup.Outcome, _ plan: Plan) async throws(BackendError) -> Bool {
        // With an id of its own nothing else of ours gives way, such as another prefix's queue.
        let digest = Digest.sha256(Data("\(made.resource.text)\n\(plan.prefix)".utf8)).hexadecimal
        let attempts = made.isNewlyAllowed ? Self.attempts.count : 1
        for attempt in 1... {
            do {
                return try await S3ObjectStore(client: client).notify(
                    queueARN: made.resource.text,
                    ofNewObjectsIn: plan.bucket,
                    prefix: plan.prefix,
                    id: "recast-\(digest.prefix(16))"
                )
            } catch {
                guard error.code == .invalid, attempt < attempts else { throw error }
            }
            do { try await client.timing.sleep(Self.attempts.distance) } catch { break }
        }
        throw BackendError(.unavailable, "the task was cancelled")
    }

    /// Lets browsers upload; a worker does without, so that not being allowed to is no failure.
    private func allowForms(_ bucket: String) async throws(BackendError) -> String {
        do {
            let isNew = try await S3ObjectStore(client: client).allowForms(to: bucket)
            return "browsers may send forms to bucket \(bucket)" + (isNew ? "" : " already")
        } catch {
            guard !error.isRetryable else { throw error }
            return "browsers may not send forms to bucket \(bucket): \(error.message)"
        }
    }

    /// Makes one table, and says whether it was there already.
    package func make(_ design: TableDesign) async throws(BackendError) -> String {
        try await TableSetup(service: JSONService(client: client, service: .dynamodb)).make(design)
    }
}
