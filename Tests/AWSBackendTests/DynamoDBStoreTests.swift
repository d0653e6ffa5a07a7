import AWSBackend
import Foundation
import HTTPTransport
import Jobs
import TestServers
import Testing

@Suite("DynamoDB keeps jobs and documents")
struct DynamoDBStoreTests {
    @Test("Of eight inserts with one identity one job is stored, and all get it", arguments: Account.servers)
    func dedupes(server: TestServer) async throws {
        let store = try await Account(server).store().store
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await store.insert(.sample("job-\(number)", identity: "same")).id
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        let page = try await store.jobs(.all, ascending: true, after: nil, limit: 100)
        #expect(page.items.map(\.id) == Array(ids))
    }

    @Test("A taken id is a conflict, with an identity and without", arguments: Account.servers)
    func refusesTakenIDs(server: TestServer) async throws {
        let store = try await Account(server).store().store
        let stored = try await store.insert(.sample("1", identity: "a"))
        #expect(stored.revision == 1)
        for identity in ["b", nil] {
            let error = await #expect(throws: BackendError.self) {
                try await store.insert(.sample("1", identity: identity))
            }
            #expect(error?.code == .conflict)
        }
        #expect(try await store.job("1") == stored)
        // The identity of the job that was refused is free.
        #expect(try await store.insert(.sample("2", identity: "b")).id == "2")
    }

    @Test("An identity longer than any key still counts whole", arguments: Account.servers)
    func takesLongIdentities(server: TestServer) async throws {
        let store = try await Account(server).store().store
        let long = String(repeating: "é", count: 4000)
        #expect(try await store.insert(.sample("1", identity: long + "a")).id == "1")
        #expect(try await store.insert(.sample("2", identity: long + "b")).id == "2")
        #expect(try await store.insert(.sample("3", identity: long + "a")).id == "1")
    }

    @Test("Of two changes of one revision the second is a conflict", arguments: Account.servers)
    func compares(server: TestServer) async throws {
        let store = try await Account(server).store().store
        var job = try await store.insert(.sample("1"))
        job.status = .progressing
        let next = try await store.replace(job)
        #expect(next.revision == 2)
        let error = await #expect(throws: BackendError.self) { try await store.replace(job) }
        #expect(error?.code == .conflict)
        #expect(try await store.job("1") == next)
        let missing = await #expect(throws: BackendError.self) { try await store.replace(.sample("2")) }
        #expect(missing?.code == .conflict)
    }

    @Test("Of eight changes of one revision at the same time exactly one wins", arguments: Account.servers)
    func hasOneWinner(server: TestServer) async throws {
        let store = try await Account(server).store().store
        let job = try await store.insert(.sample("1"))
        let winners = await withTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var job = job
                    job.attempt = number + 1
                    return (try? await store.replace(job))?.attempt ?? 0
                }
            }
            return await group.reduce(into: [Int]()) { if $1 > 0 { $0.append($1) } }
        }
        #expect(winners.count == 1)
        let stored = try await store.job("1")
        #expect(stored?.revision == 2)
        #expect(stored?.attempt == winners.first)
    }

    @Test("A table that is busy is asked again, and then told to be throttled")
    func survivesThrottling() async throws {
        let type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
        let busy = (400, #"{"__type":"\#(type)","message":"slow down"}"#)
        let transport = ScriptedTransport(answers: [busy, busy, (200, "{}")])
        let store = DynamoDBMetadataStore(client: transport.client)
        #expect(try await store.insert(.sample("1")).revision == 1)
        #expect(transport.requests.count == 3)
        let failing = ScriptedTransport(answers: Array(repeating: busy, count: 10))
        let error = await #expect(throws: BackendError.self) {
            try await DynamoDBMetadataStore(client: failing.client).insert(.sample("1"))
        }
        #expect(error?.code == .throttled)
    }

    @Test(
        "A write whose answer was lost is recognised when it is sent again",
        arguments: Account.servers,
        ["PutItem", "TransactWriteItems"]
    )
    func recognisesOwnWrites(server: TestServer, action: String) async throws {
        let store = try await Account(server).store(transport: LossyTransport(losing: action)).store
        let identity = action == "PutItem" ? nil : "same"
        let job = try await store.insert(.sample("1", identity: identity))
        #expect(job.revision == 1)
        #expect(try await store.job("1") == job)
    }

    @Test("A change whose answer was lost is recognised as well", arguments: Account.servers)
    func recognisesOwnChanges(server: TestServer) async throws {
        let transport = LossyTransport(losing: "PutItem", times: 2)
        let store = try await Account(server).store(transport: transport).store
        let job = try await store.insert(.sample("1", identity: "same"))
        #expect(try await store.replace(job).revision == 2)
        let document = StoredDocument(kind: .preset, id: "p", body: Data("{}".utf8))
        #expect(try await store.insert(document).revision == 1)
    }

    @Test("Jobs are listed by pipeline and by status, both ways, page by page", arguments: Account.servers)
    func lists(server: TestServer) async throws {
        let store = try await Account(server).store().store
        for number in 0..<25 {
            var job = try await store.insert(
                .sample(String(format: "%02d", number), pipeline: number < 20 ? "a" : "b")
            )
            guard number % 5 == 0 else { continue }
            job.status = .complete
            _ = try await store.replace(job)
        }
        func pages(_ filter: JobFilter, _ ascending: Bool, _ limit: Int) async throws -> [[String]] {
            var (pages, after): ([[String]], String?) = ([], nil)
            repeat {
                let page = try await store.jobs(filter, ascending: ascending, after: after, limit: limit)
                pages.append(page.items.map(\.id))
                after = page.next
            } while after != nil
            return pages
        }
        let all = (0..<25).map { String(format: "%02d", $0) }
        #expect(try await pages(.all, true, 10).map(\.count) == [10, 10, 5])
        #expect(try await pages(.all, true, 10).flatMap(\.self) == all)
        #expect(try await pages(.all, false, 7).flatMap(\.self) == all.reversed())
        #expect(try await pages(.pipeline("a"), false, 10).map(\.count) == [10, 10])
        #expect(try await pages(.pipeline("b"), true, 100) == [Array(all[20...])])
        #expect(
            try await pages(.status(.complete), true, 2).flatMap(\.self) == ["00", "05", "10", "15", "20"]
        )
        #expect(try await pages(.status(.submitted), false, 100).map(\.count) == [20])
        #expect(try await pages(.status(.error), true, 10) == [[]])
        #expect(try await pages(.pipeline(""), true, 10) == [[]])
    }

    @Test(
        "Documents are stored, changed, listed and deleted, each kind for itself",
        arguments: Account.servers
    )
    func keepsDocuments(server: TestServer) async throws {
        let store = try await Account(server).store().store
        for id in ["é", "b", "a", "Z"] {
            _ = try await store.insert(StoredDocument(kind: .pipeline, id: id, body: Data(id.utf8)))
        }
        let document = StoredDocument(kind: .preset, id: "a", body: Data([0xFF, 0]))
        var stored = try await store.insert(document)
        #expect(stored.revision == 1)
        let error = await #expect(throws: BackendError.self) { try await store.insert(document) }
        #expect(error?.code == .conflict)
        stored.body = Data("{}".utf8)
        #expect(try await store.replace(stored).revision == 2)
        #expect(try await store.document(.preset, "a")?.body == Data("{}".utf8))

        let first = try await store.documents(.pipeline, ascending: true, after: nil, limit: 3)
        #expect(first.items.map(\.id) == ["Z", "a", "b"])
        let rest = try await store.documents(.pipeline, ascending: true, after: first.next, limit: 3)
        #expect(rest.items.map(\.id) == ["é"])
        #expect(rest.next == nil)

        try await store.deleteDocument(.preset, "a")
        try await store.deleteDocument(.preset, "a")
        #expect(try await store.document(.preset, "a") == nil)
        #expect(try await store.document(.preset, "") == nil)
        #expect(try await store.job("") == nil)
    }

    @Test(
        "A listing goes on where DynamoDB ends a page, which is after one megabyte",
        arguments: Account.servers
    )
    func listsLargeDocuments(server: TestServer) async throws {
        let store = try await Account(server).store().store
        for number in 10..<22 {
            let body = Data(String(repeating: "x", count: 200_000).utf8)
            _ = try await store.insert(StoredDocument(kind: .notification, id: "\(number)", body: body))
        }
        let page = try await store.documents(.notification, ascending: true, after: nil, limit: 11)
        #expect(page.items.map(\.id) == (10..<21).map { "\($0)" })
        #expect(page.next == "20")
    }

    @Test("A job of 400 KB is invalid before anything is sent")
    func refusesLargeJobs() async throws {
        let transport = ScriptedTransport(answers: [])
        let store = DynamoDBMetadataStore(client: transport.client)
        var job = Job.sample("1")
        job.userMetadata = ["a": String(repeating: "x", count: 400 << 10)]
        let error = await #expect(throws: BackendError.self) { try await store.insert(job) }
        #expect(error?.code == .invalid)
        #expect(transport.requests.isEmpty)
    }

    @Test("A wrong secret is denied")
    func verifiesSecrets() async throws {
        let account = try await Account(.ministack)
        let store = DynamoDBMetadataStore(client: try account.client(secret: "wrong"))
        let error = await #expect(throws: BackendError.self) { try await store.job("1") }
        #expect(error?.code == .denied)
        #expect(error.map { "\($0)".contains("wrong") } == false)
    }

    @Test("A table that is not there is not found, by name")
    func namesMissingTables() async throws {
        let account = try await Account(.ministack)
        let store = DynamoDBMetadataStore(client: try account.client(), table: "missing-table")
        let error = await #expect(throws: BackendError.self) { try await store.job("1") }
        #expect(error?.code == .notFound)
    }
}

@Suite("DynamoDB transactions and batches")
struct DynamoDBPassingTests {
    private static func cancelled(_ reasons: String...) -> (status: Int, body: String) {
        let list = reasons.map { #"{"Code":"\#($0)"}"# }.joined(separator: ",")
        let type = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
        return (400, #"{"__type":"\#(type)","CancellationReasons":[\#(list)],"Message":"cancelled"}"#)
    }

    @Test("An insert that met another transaction is tried again")
    func triesAgain() async throws {
        let transport = ScriptedTransport(answers: [
            Self.cancelled("TransactionConflict", "None"), Self.cancelled("None", "ThrottlingError"),
            (200, "{}"),
        ])
        let store = DynamoDBMetadataStore(client: transport.client)
        #expect(try await store.insert(.sample("1", identity: "a")).revision == 1)
        #expect(transport.requests.count == 3)
    }

    @Test("An insert that keeps meeting others is throttled in the end, not a conflict")
    func givesUp() async throws {
        let answers = Array(repeating: Self.cancelled("TransactionConflict", "None"), count: 20)
        let store = DynamoDBMetadataStore(client: ScriptedTransport(answers: answers).client)
        let error = await #expect(throws: BackendError.self) {
            try await store.insert(.sample("1", identity: "a"))
        }
        #expect(error?.code == .throttled)
    }

    @Test("What a batch left out is read again")
    func readsRest() async throws {
        func item(_ id: String) throws -> String {
            let item = try JobItem.item(for: .sample(id), stamp: "s")
            return String(decoding: try JSONEncoder().encode(item), as: UTF8.self)
        }
        let keys = #"{"recast":{"Keys":[{"pk":{"S":"job#1"},"sk":{"S":"1"}}],"ConsistentRead":true}}"#
        let transport = ScriptedTransport(answers: [
            (200, #"{"Items":[{"sk":{"S":"1"}},{"sk":{"S":"2"}}]}"#),
            (200, #"{"Responses":{"recast":[\#(try item("2"))]},"UnprocessedKeys":\#(keys)}"#),
            (200, #"{"Responses":{},"UnprocessedKeys":\#(keys)}"#),
            (200, #"{"Responses":{"recast":[\#(try item("1"))]},"UnprocessedKeys":{}}"#),
        ])
        let store = DynamoDBMetadataStore(client: transport.client)
        let page = try await store.jobs(.all, ascending: true, after: nil, limit: 10)
        #expect(page.items.map(\.id) == ["1", "2"])
        #expect(transport.requests.count == 4)
    }
}
