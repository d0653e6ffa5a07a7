internal import Foundation
internal import Jobs

/// Makes the queue and the queue of its dead letters.
struct QueueSetup: Sendable {
    let service: JSONService

    /// Deliveries after which SQS itself gives a message up.
    ///
    /// The worker gives up earlier and says why; this is for messages that no worker survives.
    static let maximumDeliveries = 1000

    private struct Queue {
        let name: String
        let url: String
        let resource: ResourceName
        let attributes: [String: String]
    }

    /// What was made or found.
    struct Outcome {
        let resource: ResourceName
        var sentences: [String]
        /// The bucket may send since this moment, which S3 may not have heard of yet.
        var isNewlyAllowed = false
    }

    /// Makes both, and lets the bucket send to the first.
    func make(
        _ queue: QueueName,
        deadLetters: QueueName?,
        bucket: String
    ) async throws(BackendError) -> Outcome {
        var sentences: [String] = []
        var deadLetterResource: ResourceName?
        if let deadLetters {
            let made = try await make(deadLetters)
            sentences += made.sentences
            deadLetterResource = made.queue.resource
        }
        let made = try await make(queue)
        sentences += made.sentences
        if let deadLetterResource {
            sentences += try await redrive(made.queue, to: deadLetterResource)
        }
        let isNew = try await allow(bucket: bucket, made.queue)
        sentences.append(
            isNew
                ? "queue \(queue.name) may take events of bucket \(bucket)"
                : "queue \(queue.name) takes events of bucket \(bucket) already"
        )
        return Outcome(resource: made.queue.resource, sentences: sentences, isNewlyAllowed: isNew)
    }

    private func make(
        _ queue: QueueName
    ) async throws(BackendError) -> (queue: Queue, sentences: [String]) {
        let known = try await url(of: queue.name)
        let url = if let known { known } else { try await create(queue.name) }
        var sentences = ["queue \(queue.name) \(known == nil ? "was made" : "is already there")"]
        if Self.account(url) != Self.account(queue.url) {
            sentences.append("queue \(queue.name) has the URL \(url), which is not the one set")
        }
        let attributes = try await attributes(of: url)
        guard let resource = attributes["QueueArn"].flatMap(ResourceName.init) else {
            throw BackendError(.unavailable, "the queue \(queue.name) has no ARN")
        }
        return (Queue(name: queue.name, url: url, resource: resource, attributes: attributes), sentences)
    }

    private func redrive(
        _ queue: Queue,
        to deadLetters: ResourceName
    ) async throws(BackendError) -> [String] {
        if let policy = queue.attributes["RedrivePolicy"], !policy.isEmpty {
            let known = try? JSONDecoder().decode(RedrivePolicy.self, from: Data(policy.utf8))
            guard known?.target == deadLetters.text else {
                return ["queue \(queue.name) keeps its redrive policy, which names another queue"]
            }
            return ["queue \(queue.name) gives dead letters to \(deadLetters.text) already"]
        }
        let policy = RedrivePolicy(target: deadLetters.text, maximumDeliveries: Self.maximumDeliveries)
        let text = (try? JSONEncoder().encode(policy)).map { String(decoding: $0, as: UTF8.self) }
        try await set(queue, "RedrivePolicy", text ?? "")
        return [
            "queue \(queue.name) gives dead letters to \(deadLetters.text) "
                + "after \(Self.maximumDeliveries) deliveries"
        ]
    }

    /// Lets the bucket send; false when it may do so already.
    private func allow(bucket: String, _ queue: Queue) async throws(BackendError) -> Bool {
        let policy = try QueuePolicy.adding(
            bucket: bucket,
            queue: queue.resource,
            to: queue.attributes["Policy"]
        )
        guard let policy else { return false }
        try await set(queue, "Policy", policy)
        return true
    }

    // MARK: Actions

    private func url(of name: String) async throws(BackendError) -> String? {
        do {
            let answer: QueueURL = try await service.call("GetQueueUrl", NamedQueue(name: name))
            return answer.url
        } catch  where error.error.code == .notFound {
            return nil
        } catch {
            throw error.error
        }
    }

    private func create(_ name: String) async throws(BackendError) -> String {
        // Fourteen days, the longest there is: nothing is lost over a holiday.
        let attributes = ["MessageRetentionPeriod": "1209600", "VisibilityTimeout": "60"]
        do {
            let request = NamedQueue(name: name, attributes: attributes)
            let answer: QueueURL = try await service.call("CreateQueue", request)
            return answer.url
        } catch {
            throw error.error
        }
    }

    private func attributes(of url: String) async throws(BackendError) -> [String: String] {
        let request = SQS.GetQueueAttributes(queue: url, names: ["QueueArn", "Policy", "RedrivePolicy"])
        do {
            let answer: SQS.QueueAttributes = try await service.call("GetQueueAttributes", request)
            return answer.attributes ?? [:]
        } catch {
            throw error.error
        }
    }

    private func set(_ queue: Queue, _ name: String, _ value: String) async throws(BackendError) {
        do {
            let request = SetAttributes(queue: queue.url, attributes: [name: value])
            let _: EmptyAnswer = try await service.call("SetQueueAttributes", request)
        } catch {
            throw error.error
        }
    }

    /// The last but one part of a queue's URL.
    private static func account(_ url: String) -> Substring? { url.split(separator: "/").dropLast().last }
}

private struct NamedQueue: Encodable {
    let name: String
    var attributes: [String: String]?

    enum CodingKeys: String, CodingKey {
        case name = "QueueName"
        case attributes = "Attributes"
    }
}

private struct QueueURL: Decodable {
    let url: String

    enum CodingKeys: String, CodingKey { case url = "QueueUrl" }
}

private struct SetAttributes: Encodable {
    let queue: String
    let attributes: [String: String]

    enum CodingKeys: String, CodingKey {
        case queue = "QueueUrl"
        case attributes = "Attributes"
    }
}

private struct RedrivePolicy: Codable {
    let target: String
    /// Left out when it is read: some write a number, some text.
    var maximumDeliveries: Int?

    init(target: String, maximumDeliveries: Int) {
        self.target = target
        self.maximumDeliveries = maximumDeliveries
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        target = try container.decode(String.self, forKey: .target)
    }

    enum CodingKeys: String, CodingKey {
        case target = "deadLetterTargetArn"
        case maximumDeliveries = "maxReceiveCount"
    }
}
