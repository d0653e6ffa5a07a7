import AWSBackend
import Foundation
import Jobs
import TestServers
import Testing

@Suite("DynamoDB keeps video records")
struct DynamoDBRecordTests {
    private static func record(_ sequencer: String, _ status: JobStatus = .complete) -> VideoRecord {
        let transcoding = VideoTranscoding(status: status, jobId: "j", sequencer: Sequencer.padded(sequencer))
        return VideoRecord(
            projectStep: "Alba-0",
            mail: "a+b@x.com",
            video: "v.webm",
            transcoding: transcoding
        )
    }

    @Test("Attributes that others wrote are kept, and boto3 reads what we wrote", arguments: Account.servers)
    func keepsForeignAttributes(server: TestServer) async throws {
        let account = try await Account(server)
        let (store, _, table) = try await account.store()
        let key: JSON = ["ProjectStep": ["S": "Alba-0"], "Mail": ["S": "a+b@x.com"]]
        _ = try await account.boto.call(
            "dynamodb",
            "put_item",
            [
                "TableName": .string(table),
                "Item": [
                    "ProjectStep": ["S": "Alba-0"], "Mail": ["S": "a+b@x.com"], "video": ["S": "v.webm"],
                    "name": ["S": "Ana"], "size": ["N": "12345678901234567890123456789012345678"],
                    "errorCode": ["S": "old"],
                ],
            ]
        )
        var record = Self.record("1")
        record.transcoding?.duration = 29.97
        record.transcoding?.width = 1280
        #expect(try await store.write(record))
        let answer = try await account.boto.call(
            "dynamodb",
            "get_item",
            ["TableName": .string(table), "Key": key]
        )
        let item = answer["Item"]
        #expect(item?["name"] == ["S": "Ana"])
        #expect(item?["size"] == ["N": "12345678901234567890123456789012345678"])
        #expect(item?["status"] == ["S": "Complete"])
        #expect(item?["duration"] == ["N": "29.97"])
        #expect(item?["width"] == ["N": "1280"])
        #expect(item?["errorCode"] == nil)
        #expect(try await store.record(projectStep: "Alba-0", mail: "a+b@x.com") == record)
    }

    /// The records of `a` among those of two mails, as a listing by fives finds them.
    private static func recordsOfOne(in store: DynamoDBMetadataStore) async throws -> [VideoRecord] {
        for step in 0..<12 {
            for mail in ["a", "b"] {
                var record = VideoRecord(projectStep: "P-\(step)", mail: mail, video: "\(mail)/\(step)")
                record.transcoding = VideoTranscoding(status: .complete, jobId: "j", sequencer: "01")
                #expect(try await store.write(record))
            }
        }
        var found: [VideoRecord] = []
        var after: String?
        repeat {
            let page = try await store.records(mail: "a", after: after, limit: 5)
            #expect(page.items.count <= 5)
            found += page.items
            after = page.next
        } while after != nil && found.count < 50
        #expect(found.allSatisfy { $0.mail == "a" && $0.transcoding?.jobId == "j" })
        return found
    }

    @Test("One mail's records are found in the index that init makes", arguments: Account.servers)
    func usesIndex(server: TestServer) async throws {
        let store = try await Account(server).store().store
        let found = try await Self.recordsOfOne(in: store)
        // The order of a query, which a scan does not have.
        #expect(found.map(\.projectStep) == (0..<12).map { "P-\($0)" }.sorted())
        #expect(store.usesMailIndex)
    }

    @Test("A table of the site's own without the index is read through", arguments: Account.servers)
    func doesWithoutIndex(server: TestServer) async throws {
        let account = try await Account(server)
        let (_, table, _) = try await account.store()
        let responses = Account.unique("responses")
        let names = ["ProjectStep", "Mail"]
        let keys: JSON = [
            ["AttributeName": "ProjectStep", "KeyType": "HASH"],
            ["AttributeName": "Mail", "KeyType": "RANGE"],
        ]
        let attributes = names.map { name in
            JSON.object(["AttributeName": .string(name), "AttributeType": "S"])
        }
        let arguments: JSON = [
            "TableName": .string(responses), "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys,
            "AttributeDefinitions": .array(attributes),
        ]
        _ = try await account.boto.call("dynamodb", "create_table", arguments)
        let client = try account.client()
        _ = try await AWSSetup(client: client).make(.responses(named: responses))
        let store = DynamoDBMetadataStore(client: client, table: table, responses: responses)
        let found = try await Self.recordsOfOne(in: store)
        #expect(Set(found.map(\.projectStep)) == Set((0..<12).map { "P-\($0)" }))
        #expect(found.count == 12)
        #expect(!store.usesMailIndex)
    }

    @Test("What is about an older version changes nothing", arguments: Account.servers)
    func keepsNewest(server: TestServer) async throws {
        let store = try await Account(server).store().store
        #expect(try await store.write(Self.record("0A", .progressing)))
        #expect(try await store.write(Self.record("0A", .complete)))
        #expect(try await store.write(Self.record("09F", .error)) == false)
        let announced = VideoRecord(projectStep: "Alba-0", mail: "a+b@x.com", video: "v.webm")
        #expect(try await store.write(announced) == false)
        let stored = try await store.record(projectStep: "Alba-0", mail: "a+b@x.com")
        #expect(stored == Self.record("0A", .complete))
        #expect(try await store.write(Self.record("0A1", .submitted)))
    }

    @Test("A record is announced before its event, and again", arguments: Account.servers)
    func announces(server: TestServer) async throws {
        let store = try await Account(server).store().store
        let announced = VideoRecord(projectStep: "Alba-0", mail: "a+b@x.com", video: "v.webm")
        #expect(try await store.write(announced))
        #expect(try await store.write(announced))
        #expect(try await store.record(projectStep: "Alba-0", mail: "a+b@x.com") == announced)
    }

    @Test("A record is found by its video among sixty, and all are listed once", arguments: Account.servers)
    func findsByVideo(server: TestServer) async throws {
        let store = try await Account(server).store().store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let step = number < 50 ? "p-0" : "p-1"
                    _ = try await store.write(
                        VideoRecord(projectStep: step, mail: "m\(number)", video: "v\(number)")
                    )
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.record(projectStep: "p-0", video: "v42")?.mail == "m42")
        #expect(try await store.record(projectStep: "p-0", video: "v55") == nil)
        #expect(try await store.record(projectStep: "", video: "v55") == nil)

        var (mails, pages, after): ([String], Int, String?) = ([], 0, nil)
        repeat {
            let page = try await store.records(after: after, limit: 20)
            mails += page.items.map(\.mail)
            pages += 1
            after = page.next
        } while after != nil
        #expect(pages == 3)
        #expect(Set(mails) == Set((0..<60).map { "m\($0)" }))
        #expect(mails.count == 60)
    }

    @Test("A page token that is none is invalid", arguments: ["x", "e30=", "WyIiLCIiXQ=="])
    func refusesTokens(token: String) async throws {
        let store = DynamoDBMetadataStore(client: ScriptedTransport(answers: []).client)
        let error = await #expect(throws: BackendError.self) {
            try await store.records(after: token, limit: 10)
        }
        #expect(error?.code == .invalid)
    }

    @Test("A search goes on over pages in which the filter left nothing")
    func readsOn() async throws {
        let key = #"{"ProjectStep":{"S":"p"},"Mail":{"S":"m"}}"#
        let transport = ScriptedTransport(answers: [
            (200, #"{"Items":[],"LastEvaluatedKey":\#(key)}"#),
            (200, #"{"Items":[],"LastEvaluatedKey":\#(key)}"#),
            (200, #"{"Items":[{"ProjectStep":{"S":"p"},"Mail":{"S":"n"},"video":{"S":"v"}}]}"#),
        ])
        let store = DynamoDBMetadataStore(client: transport.client)
        #expect(try await store.record(projectStep: "p", video: "v")?.mail == "n")
    }
}
