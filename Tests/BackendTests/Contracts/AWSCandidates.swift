import AWSBackend
import AWSSignature
import Foundation
import Jobs
import Logging
import TestServers

/// A client of the test servers, and boto3 on the same ones.
struct AWSTestBench: Sendable {
    let client: AWSClient
    let boto: Boto

    init(s3: TestServer = .seaweedFS, others: TestServer = .ministack) async throws {
        let environment = try await ServerRoom.shared.environment(s3: s3, others: others)
        let key = try await ServerRoom.shared.address(of: others)
        let credentials = Credentials(accessKeyID: key.accessKeyID, secretAccessKey: key.secretAccessKey)
        client = AWSClient(
            configuration: try AWSConfiguration(environment: environment),
            credentials: FixedCredentials(credentials),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        boto = try await ServerRoom.shared.boto(s3: s3, others: others)
    }

    /// Makes a queue and returns its URL.
    func makeQueue(_ name: String) async throws -> String {
        let answer = try await boto.call("sqs", "create_queue", ["QueueName": .string(uniqueName(name))])
        return answer["QueueUrl"]?.string ?? ""
    }
}

extension Candidate where Subject == ObjectStoreSubject {
    static func s3(_ server: TestServer) -> Candidate {
        Candidate("S3 of \(server.rawValue)") {
            let bench = try await AWSTestBench(s3: server)
            let bucket = uniqueName("videos")
            try await bench.boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
            return ObjectStoreSubject(
                store: S3ObjectStore(client: bench.client),
                bucket: bucket,
                deviations: deviations(of: server)
            )
        }
    }

    /// Measured with boto3 on SeaweedFS 4.48 and Ceph 16.2; ministack 1.5 does all that S3 does.
    private static func deviations(of server: TestServer) -> Set<ObjectStoreSubject.Deviation> {
        switch server {
        case .seaweedFS: [.keysArePaths, .sortsByFolder, .completesRacily]
        case .cephGateway: [.completesUnconditionally]
        case .ministack, .moto: []
        }
    }
}

extension Candidate where Subject == JobQueueSubject {
    static func sqs(_ server: TestServer) -> Candidate {
        Candidate("SQS of \(server.rawValue)") {
            let bench = try await AWSTestBench(others: server)
            let queue = try SQSJobQueue(
                client: bench.client,
                url: try await bench.makeQueue("jobs"),
                deadLetterURL: try await bench.makeQueue("dead")
            )
            return JobQueueSubject(queue: queue, forgivesStaleReceipts: server == .moto)
        }
    }
}

extension Candidate where Subject == MetadataStoreSubject {
    static func dynamoDB(_ server: TestServer) -> Candidate {
        Candidate("DynamoDB of \(server.rawValue)") {
            let bench = try await AWSTestBench(others: server)
            let table = uniqueName("recast")
            let responses = uniqueName("responses")
            let setup = AWSSetup(client: bench.client)
            _ = try await setup.make(.jobs(named: table))
            _ = try await setup.make(.responses(named: responses))
            return MetadataStoreSubject(
                store: DynamoDBMetadataStore(client: bench.client, table: table, responses: responses),
                putForeign: { record, attributes in
                    let item = attributes.merging([
                        "ProjectStep": record.projectStep, "Mail": record.mail, "video": record.video,
                    ]) { $1 }
                    try await bench.boto.call(
                        "dynamodb",
                        "put_item",
                        [
                            "TableName": .string(responses),
                            "Item": .object(item.mapValues { ["S": .string($0)] }),
                        ]
                    )
                },
                foreignAttributes: { projectStep, mail in
                    let key: JSON = [
                        "ProjectStep": ["S": .string(projectStep)], "Mail": ["S": .string(mail)],
                    ]
                    let answer = try await bench.boto.call(
                        "dynamodb",
                        "get_item",
                        ["TableName": .string(responses), "Key": key, "ConsistentRead": true]
                    )
                    guard case .object(let item) = answer["Item"] else { return [:] }
                    return item.compactMapValues { $0["S"]?.string }
                }
            )
        }
    }
}

extension Candidate where Subject == NotifierSubject {
    static func sns(_ server: TestServer) -> Candidate {
        Candidate("SNS of \(server.rawValue)") {
            let bench = try await AWSTestBench(others: server)
            let topic = try await bench.boto.call(
                "sns",
                "create_topic",
                ["Name": .string(uniqueName("jobs"))]
            )
            let arn = topic["TopicArn"]?.string ?? ""
            let inbox = try await bench.makeQueue("inbox")
            let attributes = try await bench.boto.call(
                "sqs",
                "get_queue_attributes",
                ["QueueUrl": .string(inbox), "AttributeNames": ["QueueArn"]]
            )
            let endpoint = attributes["Attributes"]?["QueueArn"] ?? .null
            let statement: JSON = [
                "Effect": "Allow", "Principal": ["Service": "sns.amazonaws.com"],
                "Action": "sqs:SendMessage", "Resource": endpoint,
            ]
            let policy = try JSON.object(["Version": "2012-10-17", "Statement": [statement]]).line()
            try await bench.boto.call(
                "sqs",
                "set_queue_attributes",
                ["QueueUrl": .string(inbox), "Attributes": ["Policy": .string(policy)]]
            )
            try await bench.boto.call(
                "sns",
                "subscribe",
                ["TopicArn": .string(arn), "Protocol": "sqs", "Endpoint": endpoint]
            )
            return NotifierSubject(
                notifier: SNSNotifier(client: bench.client),
                topic: arn,
                missingTopic: arn + "-missing",
                delivered: { try await Self.messages(in: inbox, bench.boto) }
            )
        }
    }

    /// What the topic has put into a queue; it stays there.
    private static func messages(in inbox: String, _ boto: Boto) async throws -> [NotifierSubject.Delivery] {
        let arguments: JSON = [
            "QueueUrl": .string(inbox), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0,
        ]
        let messages = try await boto.call("sqs", "receive_message", arguments)["Messages"]?.elements ?? []
        return try messages.map { message in
            let envelope = try JSON(text: message["Body"]?.string ?? "")
            return NotifierSubject.Delivery(
                subject: envelope["Subject"]?.string ?? "",
                message: envelope["Message"]?.string ?? ""
            )
        }
    }
}
