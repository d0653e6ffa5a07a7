import Foundation
import Jobs
import TestServers
import Testing

@testable import AWSBackend

@Suite("A worker with the template's policy and nothing else")
struct WorkerPolicyTests {
    /// The stack, and a client with the key of a user who has the policy alone.
    private static func make() async throws -> (stack: Stack, client: AWSClient, account: Account) {
        let account = try await Account(.ministack)
        let stack = try await Stack.make(account)
        let user = JSON.string(Account.unique("worker"))
        _ = try await account.boto.call("iam", "create_user", ["UserName": user])
        _ = try await account.boto.call(
            "iam",
            "attach_user_policy",
            ["UserName": user, "PolicyArn": .string(try #require(stack.outputs["WorkerPolicyARN"]))]
        )
        let answer = try await account.boto.call("iam", "create_access_key", ["UserName": user])
        let key = try #require(answer["AccessKey"]?["AccessKeyId"]?.string)
        let client = try account.client(key: key, secret: answer["AccessKey"]?["SecretAccessKey"]?.string)
        return (stack, client, account)
    }

    @Test("It does all that the stores, the queue and the notifier do")
    func isEnough() async throws {
        let (stack, client, _) = try await Self.make()
        let plan = stack.plan
        try await Self.useObjects(client, plan.bucket)
        try await Self.useTables(client, plan)
        let queue = try SQSJobQueue(client: client, url: plan.queueURL, deadLetterURL: plan.deadLetterURL)
        try await Self.use(queue)
        let notifier = SNSNotifier(client: client)
        let topic = try #require(stack.outputs["TopicARN"])
        try await notifier.send(Jobs.Notification(id: "1", topic: topic, subject: "", message: "{}"))
    }

    @Test("It does nothing else")
    func isNoMoreThanEnough() async throws {
        let (stack, client, account) = try await Self.make()
        let other = try await Stack.make(account).plan
        let location = ObjectLocation(bucket: other.bucket, key: "in/a.mp4")
        let attributes = ObjectAttributes(contentType: "video/mp4")
        let objects = S3ObjectStore(client: client)
        let store = DynamoDBMetadataStore(client: client, table: other.table, responses: other.responses)
        let queue = try SQSJobQueue(client: client, url: other.queueURL, deadLetterURL: nil)
        let refused: [@Sendable () async throws -> Void] = [
            { _ = try await objects.write(Data(), to: location, attributes: attributes, condition: .none) },
            { _ = try await objects.head(location) },
            { _ = try await store.job("1") },
            { _ = try await store.records(after: nil, limit: 1) },
            { try await queue.send("1", delay: 0) },
            { _ = try await AWSSetup(client: client).run(stack.plan) },
        ]
        for attempt in refused {
            let error = await #expect(throws: BackendError.self) { try await attempt() }
            #expect(error?.code == .denied, "\(String(describing: error))")
        }
    }

    private static func useObjects(_ client: AWSClient, _ bucket: String) async throws {
        let store = S3ObjectStore(client: client)
        #expect(try await store.hasBucket(bucket))
        let location = ObjectLocation(bucket: bucket, key: "output/a.mp4")
        let attributes = ObjectAttributes(contentType: "video/mp4")
        let missing = await #expect(throws: BackendError.self) { try await store.head(location) }
        #expect(missing?.code == .notFound)
        let upload = try await store.startUpload(to: location, attributes: attributes)
        try await upload.upload(part: 1, Data("x".utf8))
        _ = try await upload.complete(condition: .absent)
        #expect(try await store.read(location, range: 0..<1, eTag: nil) == Data("x".utf8))
        let eTag = try await store.head(location).eTag
        _ = try await store.write(
            Data(),
            to: location,
            attributes: attributes,
            condition: .matches(eTag: eTag)
        )
        try await store.startUpload(to: location, attributes: attributes).abort()
        _ = try await store.abortUploads(of: location)
        _ = try await store.list(bucket: bucket, prefix: "output/", after: nil, limit: 1)
        try await store.delete(location)
    }

    private static func useTables(_ client: AWSClient, _ plan: AWSSetup.Plan) async throws {
        let store = DynamoDBMetadataStore(client: client, table: plan.table, responses: plan.responses)
        let job = try await store.insert(.sample("1", identity: "a"))
        _ = try await store.insert(.sample("2"))
        _ = try await store.replace(job)
        for filter in [JobFilter.all, .pipeline("pipeline"), .status(.submitted)] {
            #expect(try await store.jobs(filter, ascending: true, after: nil, limit: 9).items.count == 2)
        }
        let document = StoredDocument(kind: .preset, id: "p", body: Data("{}".utf8))
        _ = try await store.replace(try await store.insert(document))
        _ = try await store.documents(.preset, ascending: true, after: nil, limit: 9)
        try await store.deleteDocument(.preset, "p")
        let record = VideoRecord(projectStep: "p-0", mail: "m", video: "v")
        #expect(try await store.write(record))
        #expect(try await store.record(projectStep: "p-0", video: "v") == record)
        #expect(try await store.record(projectStep: "p-0", mail: "m") == record)
        #expect(try await store.records(after: nil, limit: 9).items == [record])
        #expect(try await store.records(mail: "m", after: nil, limit: 9).items == [record])
        try await store.announce(record)
    }

    private static func use(_ queue: SQSJobQueue) async throws {
        try await queue.send("1", delay: 0)
        var received: [QueueMessage] = []
        for _ in 0..<5 where !received.contains(where: { $0.body == "1" }) {
            received += try await queue.receive(limit: 10, wait: 2, visibility: 30)
        }
        let message = try #require(received.first { $0.body == "1" })
        try await queue.extend(message, visibility: 30)
        try await queue.deadLetter(message, DeadLetter(body: "1", code: "denied", message: ""))
        #expect(try await queue.deadLetters(limit: 1).count == 1)
        #expect(try await queue.redrive(limit: 1) == 1)
        #expect(try await queue.depth().dead == 0)
    }
}
