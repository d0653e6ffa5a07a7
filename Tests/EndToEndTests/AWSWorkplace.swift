import Foundation
import TestMedia
import TestServers
import Testing

/// A workplace with a bucket, a queue, tables and a topic of its own, made by boto3 and `recast init`.
struct AWSWorkplace {
    let place: Workplace
    let boto: Boto
    let bucket: String
    let queueURL: String
    /// A queue that hears what the topic is told.
    let subscriberURL: String
    let responses: String
    /// What `recast init` printed, the first time and the second.
    let sentences: [[String]]

    /// Objects are in `s3`, all else is in ministack.
    ///
    /// `init` always looks for the bucket in ministack, since not every S3 server has notifications.
    init(s3: TestServer = .ministack, _ settings: [String: String] = [:]) async throws {
        let unique = UUID().uuidString.lowercased().prefix(8)
        bucket = "videos-\(unique)"
        responses = "responses-\(unique)"
        let everywhere = try await ServerRoom.shared.environment(s3: .ministack)
        let setup = try await ServerRoom.shared.boto(s3: .ministack)
        boto = try await ServerRoom.shared.boto(s3: s3)
        try await setup.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        if s3 != .ministack { try await boto.call("s3", "create_bucket", ["Bucket": .string(bucket)]) }
        let (subscriber, topic) = try await Self.makeTopic(boto, "\(unique)")
        subscriberURL = subscriber
        let base = subscriber.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        queueURL = (base + ["jobs-\(unique)"]).joined(separator: "/")
        place = try Workplace(
            everywhere.merging([
                "RECAST_BACKEND": "aws", "MEDIA_BUCKET_NAME": bucket, "RECAST_QUEUE_URL": queueURL,
                "RECAST_DLQ_URL": (base + ["dead-\(unique)"]).joined(separator: "/"),
                "RECAST_TABLE": "recast-\(unique)", "RESPONSES_TABLE_NAME": responses,
                "RECAST_TOPIC_COMPLETED": topic, "RECAST_TOPIC_ERROR": topic,
            ]) { $1 }.merging(settings) { $1 }
        )
        place.settings["RECAST_SPOOL"] = place.workspace.path("spool")
        var sentences: [[String]] = []
        for _ in 0..<2 {
            let result = try await place.run(["init"])
            try #require(result.status == 0, "\(result.errorText)")
            sentences.append(result.outputLines)
        }
        self.sentences = sentences
        place.settings.merge(try await ServerRoom.shared.environment(s3: s3)) { $1 }
    }

    /// Makes a topic and a queue that is subscribed to it.
    private static func makeTopic(_ boto: Boto, _ unique: String) async throws -> (
        queue: String, topic: String
    ) {
        // As in AWS, a topic may send only to a queue that lets it.
        let policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage",\
            "Resource":"*"}]}
            """
        let queue = try await boto.call(
            "sqs",
            "create_queue",
            ["QueueName": .string("told-\(unique)"), "Attributes": ["Policy": .string(policy)]]
        )
        let url = queue["QueueUrl"]?.string ?? ""
        let attributes = try await boto.call(
            "sqs",
            "get_queue_attributes",
            ["QueueUrl": .string(url), "AttributeNames": ["QueueArn"]]
        )
        let resource = attributes["Attributes"]?["QueueArn"] ?? ""
        let topic = try await boto.call("sns", "create_topic", ["Name": .string("done-\(unique)")])
        let name = topic["TopicArn"] ?? ""
        try await boto.call(
            "sns",
            "subscribe",
            ["TopicArn": name, "Protocol": "sqs", "Endpoint": resource]
        )
        return (url, name.string ?? "")
    }

    // MARK: - What boto3 sees

    /// Writes the site's record of a video, as its API does.
    func announce(_ key: String, mail: String) async throws {
        let item: JSON = [
            "ProjectStep": ["S": "alba-0"], "Mail": ["S": .string(mail)], "video": ["S": .string(key)],
            "consent": ["S": "given"],
        ]
        try await boto.call("dynamodb", "put_item", ["TableName": .string(responses), "Item": item])
    }

    /// The record of a video: each attribute as text.
    func record(mail: String) async throws -> [String: String] {
        let key: JSON = ["ProjectStep": ["S": "alba-0"], "Mail": ["S": .string(mail)]]
        let answer = try await boto.call(
            "dynamodb",
            "get_item",
            ["TableName": .string(responses), "Key": key, "ConsistentRead": true]
        )
        guard case .object(let item) = answer["Item"] else { return [:] }
        return item.compactMapValues { $0["S"]?.string ?? $0["N"]?.string }
    }

    /// The jobs stored, as JSON.
    func jobs() async throws -> [JSON] {
        let table = place.settings["RECAST_TABLE"] ?? ""
        let answer = try await boto.call("dynamodb", "scan", ["TableName": .string(table)])
        return try (answer["Items"]?.elements ?? []).filter { $0["kind"]?["S"]?.string == "job" }
            .map { try JSON(text: $0["body"]?["S"]?.string ?? "") }
    }

    func send(_ text: String) async throws {
        try await boto.call(
            "sqs",
            "send_message",
            ["QueueUrl": .string(queueURL), "MessageBody": .string(text)]
        )
    }

    func upload(_ path: String, _ key: String) async throws -> String {
        let body = try Data(contentsOf: URL(fileURLWithPath: path))
        let object: JSON = ["Bucket": .string(bucket), "Key": .string(key), "Body": .bytes(body)]
        let answer = try await boto.call("s3", "put_object", object)
        return (answer["ETag"]?.string ?? "").trimmingCharacters(in: ["\""])
    }

    /// An object with its attributes, written to a file for ffprobe.
    func download(_ key: String) async throws -> (object: JSON, path: String) {
        let object = try await boto.call(
            "s3",
            "get_object",
            ["Bucket": .string(bucket), "Key": .string(key)]
        )
        let url = place.workspace.url("\(UUID()).mp4")
        try #require(object["Body"]?.data).write(to: url)
        return (object, url.path)
    }

    func keys() async throws -> [String] {
        let answer = try await boto.call("s3", "list_objects_v2", ["Bucket": .string(bucket)])
        return (answer["Contents"]?.elements ?? []).compactMap { $0["Key"]?.string }.sorted()
    }

    /// Uploads that were begun and neither completed nor aborted.
    func openUploads() async throws -> [JSON] {
        let answer = try await boto.call("s3", "list_multipart_uploads", ["Bucket": .string(bucket)])
        return answer["Uploads"]?.elements ?? []
    }

    /// Messages of the queue, hidden ones included.
    func messageCount() async throws -> Int {
        let names: JSON = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        let answer = try await boto.call(
            "sqs",
            "get_queue_attributes",
            ["QueueUrl": .string(queueURL), "AttributeNames": names]
        )
        guard case .object(let attributes) = answer["Attributes"] else { return -1 }
        return attributes.values.compactMap { $0.string.flatMap { Int($0) } }.reduce(0, +)
    }

    /// What the topic was told so far, taken out of the subscriber's queue.
    func notifications() async throws -> [JSON] {
        var found: [JSON] = []
        while true {
            let arguments: JSON = [
                "QueueUrl": .string(subscriberURL), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1,
            ]
            let messages =
                try await boto.call("sqs", "receive_message", arguments)["Messages"]?.elements ?? []
            guard !messages.isEmpty else { return found }
            for message in messages {
                let envelope = try JSON(text: message["Body"]?.string ?? "")
                found.append(try JSON(text: envelope["Message"]?.string ?? ""))
                let receipt = message["ReceiptHandle"] ?? ""
                let deletion: JSON = ["QueueUrl": .string(subscriberURL), "ReceiptHandle": receipt]
                try await boto.call("sqs", "delete_message", deletion)
            }
        }
    }
}
