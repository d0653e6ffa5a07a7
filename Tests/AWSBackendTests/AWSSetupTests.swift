import Foundation
import HTTPTransport
import Jobs
import TestServers
import Testing

@testable import AWSBackend

@Suite("recast init makes what AWS lacks")
struct AWSSetupTests {
    private static func plan(_ account: Account, prefix: String = "") async throws -> AWSSetup.Plan {
        let bucket = Account.unique("videos")
        _ = try await account.boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        let known = try await account.openQueue().url
        let base =
            known.split(separator: "/").dropLast().joined(separator: "/")
            .replacingOccurrences(of: ":/", with: "://") + "/"
        var plan = AWSSetup.Plan(bucket: bucket, queueURL: base + Account.unique("jobs"))
        plan.prefix = prefix
        plan.deadLetterURL = base + Account.unique("dead")
        plan.table = Account.unique("recast")
        plan.responses = Account.unique("responses")
        return plan
    }

    @Test("An upload then becomes a message, and all of it works", arguments: Account.servers)
    func makesAll(server: TestServer) async throws {
        let account = try await Account(server)
        let plan = try await Self.plan(account, prefix: "in/")
        let client = try account.client()
        let sentences = try await AWSSetup(client: client).run(plan)
        #expect(sentences.contains("table \(plan.table) was made"))

        for key in ["out/b.mp4", "in/a.mp4"] {
            let object: JSON = [
                "Bucket": .string(plan.bucket), "Key": .string(key), "Body": .bytes(Data("x".utf8)),
            ]
            _ = try await account.boto.call("s3", "put_object", object)
        }
        let queue = try SQSJobQueue(client: client, url: plan.queueURL, deadLetterURL: plan.deadLetterURL)
        var bodies: [String] = []
        // The first may be S3's test event.
        for _ in 0..<3 where !bodies.contains(where: { $0.contains("a.mp4") }) {
            let messages = try await queue.receive(limit: 10, wait: 5, visibility: 30)
            bodies += messages.map(\.body)
            for message in messages { try await queue.delete(message) }
        }
        #expect(bodies.contains { $0.contains("a.mp4") })
        #expect(!bodies.contains { $0.contains("b.mp4") })
        #expect(try await queue.depth().dead == 0)

        let store = DynamoDBMetadataStore(client: client, table: plan.table, responses: plan.responses)
        _ = try await store.insert(.sample("1", identity: "a"))
        #expect(
            try await store.jobs(.status(.submitted), ascending: true, after: nil, limit: 1).items.count == 1
        )
        let record = VideoRecord(projectStep: "p-0", mail: "m", video: "v")
        #expect(try await store.write(record))
    }

    @Test("A second run finds everything there and changes nothing", arguments: Account.servers)
    func isIdempotent(server: TestServer) async throws {
        let account = try await Account(server)
        let plan = try await Self.plan(account)
        let setup = AWSSetup(client: try account.client())
        _ = try await setup.run(plan)
        let before = try await Self.state(account, plan)
        let sentences = try await setup.run(plan)
        #expect(sentences.count == 8)
        #expect(sentences.allSatisfy { $0.hasSuffix("already") || $0.hasSuffix("already there") })
        #expect(try await Self.state(account, plan) == before)
    }

    @Test(
        "The queue gives messages up in the end, and only this bucket may send",
        arguments: Account.servers
    )
    func setsPolicies(server: TestServer) async throws {
        let account = try await Account(server)
        let plan = try await Self.plan(account)
        _ = try await AWSSetup(client: try account.client()).run(plan)
        let attributes = try await Self.state(account, plan)["queue"]?["Attributes"]
        let redrive = try JSON(text: try #require(attributes?["RedrivePolicy"]?.string))
        #expect(redrive["maxReceiveCount"]?.number == 1000 || redrive["maxReceiveCount"]?.string == "1000")
        let name = try #require(plan.deadLetterURL?.split(separator: "/").last)
        #expect(redrive["deadLetterTargetArn"]?.string?.hasSuffix(":\(name)") == true)
        let policy = try JSON(text: try #require(attributes?["Policy"]?.string))
        let statement = try #require(policy["Statement"]?.elements.first)
        #expect(statement["Principal"]?["Service"] == "s3.amazonaws.com")
        let condition = statement["Condition"]?["ArnEquals"]?["aws:SourceArn"]
        #expect(condition?.string == "arn:aws:s3:::\(plan.bucket)")
    }

    @Test("Notifications of others stay", arguments: Account.servers)
    func keepsNotifications(server: TestServer) async throws {
        let account = try await Account(server)
        let plan = try await Self.plan(account, prefix: "in/")
        let (_, resource) = try await account.openQueue()
        let rules: JSON = [["Name": "suffix", "Value": ".jpg"]]
        let configuration: JSON = [
            "Id": "theirs", "QueueArn": .string(resource),
            "Events": ["s3:ObjectRemoved:*"], "Filter": ["Key": ["FilterRules": rules]],
        ]
        _ = try await account.boto.call(
            "s3",
            "put_bucket_notification_configuration",
            [
                "Bucket": .string(plan.bucket),
                "NotificationConfiguration": ["QueueConfigurations": [configuration]],
            ]
        )
        _ = try await AWSSetup(client: try account.client()).run(plan)
        let state = try await Self.state(account, plan)["notification"]
        let configurations = state?["QueueConfigurations"]?.elements ?? []
        #expect(configurations.count == 2)
        let theirs = configurations.first { $0["Id"] == "theirs" }
        #expect(theirs?["Events"] == ["s3:ObjectRemoved:*"])
        #expect(theirs?["Filter"]?["Key"]?["FilterRules"]?.elements.first?["Value"] == ".jpg")
        let ours = configurations.first { $0["Id"] != "theirs" }
        #expect(ours?["Events"] == ["s3:ObjectCreated:*"])
        #expect(ours?["Filter"]?["Key"]?["FilterRules"]?.elements.first?["Value"] == "in/")
    }

    @Test("Browsers may send forms to the bucket, and the rules for others stay", arguments: Account.servers)
    func allowsForms(server: TestServer) async throws {
        let account = try await Account(server)
        let plan = try await Self.plan(account)
        let others: JSON = [
            "AllowedOrigins": ["https://example.com"], "AllowedMethods": ["GET"],
            "MaxAgeSeconds": .number(60),
        ]
        let bucket: JSON = ["Bucket": .string(plan.bucket)]
        let known: JSON = ["Bucket": .string(plan.bucket), "CORSConfiguration": ["CORSRules": [others]]]
        _ = try await account.boto.call("s3", "put_bucket_cors", known)
        _ = try await AWSSetup(client: try account.client()).run(plan)
        let rules = try await account.boto.call("s3", "get_bucket_cors", bucket)["CORSRules"]?.elements ?? []
        #expect(rules.count == 2)
        #expect(rules.first?["AllowedOrigins"] == ["https://example.com"])
        #expect(rules.last?["AllowedOrigins"] == ["*"])
        #expect(rules.last?["AllowedMethods"] == ["POST"])
    }

    @Test("Two prefixes of one bucket have a queue each, and a wider prefix is enough")
    func sharesBuckets() async throws {
        let account = try await Account(.ministack)
        let setup = AWSSetup(client: try account.client())
        let first = try await Self.plan(account, prefix: "a/")
        var second = try await Self.plan(account, prefix: "b/")
        second.bucket = first.bucket
        _ = try await setup.run(first)
        _ = try await setup.run(second)
        var narrower = first
        narrower.prefix = "a/b/"
        #expect(try await setup.run(narrower).last?.hasSuffix("already") == true)
        let state = try await Self.state(account, first)["notification"]
        let prefixes = (state?["QueueConfigurations"]?.elements ?? []).map { configuration in
            configuration["Filter"]?["Key"]?["FilterRules"]?.elements.first?["Value"]?.string
        }
        #expect(prefixes == ["a/", "b/"])
    }

    @Test("S3 is asked again while it does not know the queue's new policy, and not without end")
    func waitsForPolicies() async throws {
        let account = try await Account(.ministack)
        var plan = try await Self.plan(account)
        let patient = AWSSetup(client: try account.client(transport: DoubtfulTransport(times: 3)))
        #expect(try await patient.run(plan).last?.hasSuffix("already") == false)
        plan = try await Self.plan(account)
        let refused = AWSSetup(client: try account.client(transport: DoubtfulTransport(times: 100)))
        let error = await #expect(throws: BackendError.self) { try await refused.run(plan) }
        #expect(error?.code == .invalid)
    }

    @Test("Queues are told of before functions and EventBridge, and neither is lost")
    func keepsOrder() async throws {
        let function =
            "<CloudFunctionConfiguration><Id>f</Id><CloudFunction>arn:aws:lambda:x</CloudFunction>"
            + "<Event>s3:ObjectRemoved:*</Event></CloudFunctionConfiguration>"
        let transport = ScriptedTransport(answers: [
            (
                200,
                "<NotificationConfiguration>\(function)<EventBridgeConfiguration/></NotificationConfiguration>"
            ), (200, ""),
        ])
        let store = S3ObjectStore(client: transport.client)
        #expect(try await store.notify(queueARN: "arn:aws:sqs:eu-west-1:1:q", ofNewObjectsIn: "bucket"))
        let body = String(decoding: try #require(transport.requests.last).body, as: UTF8.self)
        let root = try XMLNode.parse(Data(body.utf8))
        let names = ["QueueConfiguration", "CloudFunctionConfiguration", "EventBridgeConfiguration"]
        #expect(root.children.map(\.name) == names)
        #expect(body.contains(function))
    }

    @Test("Without its bucket nothing is made", arguments: Account.servers)
    func needsBucket(server: TestServer) async throws {
        let account = try await Account(server)
        var plan = try await Self.plan(account)
        plan.bucket = Account.unique("missing")
        let setup = AWSSetup(client: try account.client())
        let error = await #expect(throws: BackendError.self) { try await setup.run(plan) }
        #expect(error?.code == .notFound)
        let tables = try await account.boto.call("dynamodb", "list_tables", [:])
        #expect(tables["TableNames"]?.elements.contains(.string(plan.table)) == false)
    }

    @Test("A table of that name with other keys is a conflict", arguments: Account.servers)
    func refusesOtherTables(server: TestServer) async throws {
        let account = try await Account(server)
        let name = Account.unique("theirs")
        _ = try await account.boto.call(
            "dynamodb",
            "create_table",
            [
                "TableName": .string(name), "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
            ]
        )
        let setup = AWSSetup(client: try account.client())
        let error = await #expect(throws: BackendError.self) {
            try await setup.make(.responses(named: name))
        }
        #expect(error?.code == .conflict)
    }

    /// What boto3 says of the queue and the bucket.
    private static func state(_ account: Account, _ plan: AWSSetup.Plan) async throws -> JSON {
        let queue = try await account.boto.call(
            "sqs",
            "get_queue_attributes",
            ["QueueUrl": .string(plan.queueURL), "AttributeNames": ["Policy", "RedrivePolicy"]]
        )
        let notification = try await account.boto.call(
            "s3",
            "get_bucket_notification_configuration",
            ["Bucket": .string(plan.bucket)]
        )
        return ["queue": queue, "notification": notification]
    }
}

@Suite("Policies of a queue that are there already")
struct QueuePolicyTests {
    @Test("A policy's other statements stay, be it one or several, and ours is added once")
    func keepsStatements() throws {
        let queue = try #require(ResourceName("arn:aws-cn:sqs:cn-north-1:123456789012:jobs"))
        let theirs = #"{"Sid":"theirs","Effect":"Deny","Principal":"*","Action":"sqs:*"}"#
        for statements in [theirs, "[\(theirs)]"] {
            let policy = #"{"Version":"2008-10-17","Id":"x","Statement":\#(statements)}"#
            let merged = try QueuePolicy.adding(bucket: "b.c", queue: queue, to: policy)
            let json = try JSON(text: try #require(merged))
            #expect(json["Version"] == "2008-10-17")
            #expect(json["Statement"]?.elements.map { $0["Sid"]?.string } == ["theirs", "RecastbX2Ec"])
            #expect(json["Statement"]?.elements.first == (try JSON(text: theirs)))
            let condition = json["Statement"]?.elements.last?["Condition"]
            #expect(condition?["ArnEquals"]?["aws:SourceArn"] == "arn:aws-cn:s3:::b.c")
            #expect(condition?["StringEquals"]?["aws:SourceAccount"] == "123456789012")
            #expect(try QueuePolicy.adding(bucket: "b.c", queue: queue, to: merged) == nil)
            #expect(try QueuePolicy.adding(bucket: "b-c", queue: queue, to: merged) != nil)
        }
        #expect(throws: BackendError.self) {
            try QueuePolicy.adding(bucket: "b", queue: queue, to: "not JSON")
        }
    }
}
