import Foundation
import Jobs
import TestMedia
import TestServers
import Testing

@testable import AWSBackend

@Suite("The CloudFormation template")
struct CloudFormationTests {
    /// Read once: cfn-lint takes seconds to start.
    private static let template = Task<JSON, any Error> {
        let script = Samples.packageRoot.appendingPathComponent("Tests/AWSBackendTests/template.py").path
        let result = try await Python.run(script, [Stack.template])
        try #require(result.status == 0, "\(result.errorText)")
        return try JSON(text: result.outputText)
    }

    private static func properties(_ resource: String) async throws -> JSON {
        try #require(try await template.value["Resources"]?[resource]?["Properties"])
    }

    @Test("cfn-lint finds nothing")
    func lints() async throws {
        let lint = Samples.packageRoot.appendingPathComponent(".venv/bin/cfn-lint").path
        let result = try await Python.run(lint, [Stack.template])
        #expect(result.status == 0, "\(result.outputText)\(result.errorText)")
    }

    @Test(
        "It makes the tables that the code uses, key by key",
        arguments: [
            ("JobTable", TableDesign.jobs(named: "recast")),
            ("ResponsesTable", .responses(named: "responses")),
        ]
    )
    func agreesOnTables(name: String, design: TableDesign) async throws {
        let table = try await Self.properties(name)
        #expect(Self.key(table) == design.key)
        let indexes = table["GlobalSecondaryIndexes"]?.elements ?? []
        #expect(indexes.map { $0["IndexName"]?.string } == design.indexes.map(\.name))
        #expect(indexes.map(Self.key) == design.indexes.map(\.key))
        #expect(indexes.allSatisfy { $0["Projection"]?["ProjectionType"] == "KEYS_ONLY" })
        let attributes = table["AttributeDefinitions"]?.elements ?? []
        #expect(attributes.map { $0["AttributeName"]?.string } == design.keyAttributes)
        #expect(attributes.allSatisfy { $0["AttributeType"] == "S" })
        #expect(table["BillingMode"] == "PAY_PER_REQUEST")
    }

    @Test("Its default names are the code's")
    func agreesOnNames() async throws {
        let parameters = try await Self.template.value["Parameters"]
        let plan = AWSSetup.Plan(bucket: "b", queueURL: "u")
        #expect(parameters?["TableName"]?["Default"]?.string == plan.table)
        #expect(parameters?["ResponsesTableName"]?["Default"]?.string == plan.responses)
    }

    @Test("The worker may do what the code does with queues and tables, and nothing else")
    func allowsLeast() async throws {
        var allowed: Set<String> = []
        let policy = try await Self.properties("WorkerPolicy")["PolicyDocument"]
        for statement in policy?["Statement"]?.elements ?? [] {
            allowed.formUnion((statement["Action"]?.elements ?? []).compactMap(\.string))
        }
        var used: Set<String> = []
        for (service, folder) in [("dynamodb", "DynamoDB"), ("sqs", "SQS")] {
            used.formUnion(try Self.actions(in: folder).map { "\(service):\($0)" })
        }
        #expect(used.count == 13)
        // A transaction is allowed when each of its writes is.
        used.remove("dynamodb:TransactWriteItems")
        #expect(allowed.filter { !$0.hasPrefix("s3:") } == used)
    }

    @Test("A stack made from it needs nothing more, and its queue gets the bucket's events")
    func deploys() async throws {
        let account = try await Account(.ministack)
        let plan = try await Stack.make(account).plan
        let sentences = try await AWSSetup(client: try account.client()).run(plan)
        #expect(sentences.count == 8)
        #expect(
            sentences.allSatisfy { $0.hasSuffix("already") || $0.hasSuffix("already there") },
            "\(sentences)"
        )

        let object: JSON = [
            "Bucket": .string(plan.bucket), "Key": "in/a.mp4", "Body": .bytes(Data("x".utf8)),
        ]
        _ = try await account.boto.call("s3", "put_object", object)
        let queue = try SQSJobQueue(client: try account.client(), url: plan.queueURL, deadLetterURL: nil)
        var bodies: [String] = []
        for _ in 0..<3 where !bodies.contains(where: { $0.contains("a.mp4") }) {
            bodies += try await queue.receive(limit: 10, wait: 5, visibility: 30).map(\.body)
        }
        #expect(bodies.contains { $0.contains("a.mp4") })
    }

    private static func key(_ properties: JSON) -> TableDesign.Key? {
        let parts = properties["KeySchema"]?.elements ?? []
        func name(_ kind: String) -> String? {
            parts.first { $0["KeyType"]?.string == kind }?["AttributeName"]?.string
        }
        guard parts.count == 2, let partition = name("HASH"), let sort = name("RANGE") else { return nil }
        return TableDesign.Key(partition: partition, sort: sort)
    }

    /// The names of the actions that the files of a folder call.
    private static func actions(in folder: String) throws -> Set<String> {
        let url = Samples.packageRoot.appendingPathComponent("Sources/AWSBackend/\(folder)")
        let files = try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)
        var actions: Set<String> = []
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            let calls = text.matches(of: #/(?:call|plain|conditional|collect)\(\s*"([A-Z]\w+)"/#)
            actions.formUnion(calls.map { String($0.1) })
        }
        return actions
    }
}
