import AWSBackend
import AWSSignature
import Foundation
import HTTPTransport
import Jobs
import Logging
import Synchronization
import TestServers

/// A server that stands for an AWS account, our client and boto3 talking to it.
struct Account {
    /// Two authors' ideas of DynamoDB, SQS and SNS; ministack verifies signatures as well.
    static let servers: [TestServer] = [.ministack, .moto]

    let environment: [String: String]
    let boto: Boto

    init(_ server: TestServer) async throws {
        var environment = try await ServerRoom.shared.environment(s3: server, others: server)
        // No service is asked for elsewhere, whichever a test thinks of.
        environment["AWS_ENDPOINT_URL"] = environment["AWS_ENDPOINT_URL_SQS"]
        self.environment = environment
        boto = try await BotoRoom.shared.boto(server, environment)
    }

    func client(
        transport: any HTTPSending = HTTPClient(),
        key: String? = nil,
        secret: String? = nil
    ) throws -> AWSClient {
        let credentials = Credentials(
            accessKeyID: key ?? environment["AWS_ACCESS_KEY_ID"] ?? "",
            secretAccessKey: secret ?? environment["AWS_SECRET_ACCESS_KEY"] ?? ""
        )
        return AWSClient(
            configuration: try AWSConfiguration(environment: environment),
            credentials: FixedCredentials(credentials),
            transport: transport,
            timing: Timing(now: { Date() }, sleep: { _ in }, random: { 0 }),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// A name nobody else uses.
    static func unique(_ name: String) -> String { "\(name)-\(UUID().uuidString.lowercased())" }

    /// Makes the two tables, and a store over them.
    func store(transport: any HTTPSending = HTTPClient()) async throws -> (
        store: DynamoDBMetadataStore, table: String, responses: String
    ) {
        let (table, responses) = (Self.unique("recast"), Self.unique("responses"))
        let client = try client()
        for design in [TableDesign.jobs(named: table), .responses(named: responses)] {
            _ = try await AWSSetup(client: client).make(design)
        }
        let store = DynamoDBMetadataStore(
            client: try self.client(transport: transport),
            table: table,
            responses: responses
        )
        return (store, table, responses)
    }

    /// Makes a queue through boto3 that S3 and SNS may send to, and returns its URL and its ARN.
    func openQueue() async throws -> (url: String, resource: String) {
        let policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage",\
            "Resource":"*"}]}
            """
        let arguments: JSON = [
            "QueueName": .string(Self.unique("open")), "Attributes": ["Policy": .string(policy)],
        ]
        let url = try await boto.call("sqs", "create_queue", arguments)["QueueUrl"]?.string ?? ""
        let answer = try await boto.call(
            "sqs",
            "get_queue_attributes",
            ["QueueUrl": .string(url), "AttributeNames": ["QueueArn"]]
        )
        return (url, answer["Attributes"]?["QueueArn"]?.string ?? "")
    }

    /// Makes two queues through boto3, and a job queue over them.
    func queue(transport: any HTTPSending = HTTPClient()) async throws -> (
        queue: SQSJobQueue, url: String, deadLetterURL: String
    ) {
        var urls: [String] = []
        for name in ["jobs", "dead"] {
            let arguments: JSON = ["QueueName": .string(Self.unique(name))]
            let answer = try await boto.call("sqs", "create_queue", arguments)
            urls.append(answer["QueueUrl"]?.string ?? "")
        }
        let client = try client(transport: transport)
        let queue = try SQSJobQueue(client: client, url: urls[0], deadLetterURL: urls[1])
        return (queue, urls[0], urls[1])
    }
}

/// One boto3 a server.
private actor BotoRoom {
    static let shared = BotoRoom()
    private var bridges: [TestServer: Boto] = [:]

    func boto(_ server: TestServer, _ environment: [String: String]) throws -> Boto {
        if let bridge = bridges[server] { return bridge }
        let bridge = try Boto(environment: environment)
        bridges[server] = bridge
        return bridge
    }
}

/// Lets requests through, and loses the answers to the first ones of an action.
final class LossyTransport: HTTPSending {
    private let client = HTTPClient()
    private let action: String
    private let left: Mutex<Int>

    init(losing action: String, times: Int = 1) {
        self.action = action
        left = Mutex(times)
    }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let response = try await client.send(request)
        let target = request.headers.first { $0.name.lowercased() == "x-amz-target" }?.value ?? ""
        let isLost =
            target.hasSuffix(".\(action)")
            && left.withLock { left in
                left -= 1
                return left >= 0
            }
        guard !isLost else { throw HTTPFailure(.connection, "the answer was lost") }
        return response
    }
}

/// Lets requests through, but refuses to set a bucket's events the first times.
final class DoubtfulTransport: HTTPSending {
    private let client = HTTPClient()
    private let left: Mutex<Int>

    init(times: Int) { left = Mutex(times) }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let isRefused =
            request.method == "PUT" && request.url.contains("?notification")
            && left.withLock { left in
                left -= 1
                return left >= 0
            }
        guard isRefused else { return try await client.send(request) }
        let body = "<Error><Code>InvalidArgument</Code><Message>Unable to validate</Message></Error>"
        return HTTPResponse(status: 400, headers: [:], body: Data(body.utf8))
    }
}

extension ScriptedTransport {
    convenience init(answers: [(status: Int, body: String)]) {
        self.init(answers.map { Self.answer($0.status, $0.body) })
    }

    /// A client whose every answer was prepared.
    var client: AWSClient { makeClient(self) }
}

extension Job {
    /// A job as tests need them.
    static func sample(_ id: String, identity: String? = nil, pipeline: String = "pipeline") -> Job {
        Job(
            id: id,
            pipelineID: pipeline,
            identity: identity,
            origin: .event,
            input: Input(bucket: "videos", key: "a b+é€😀.mp4", sequencer: "0055AED6DCD90281E5"),
            outputBucket: "videos",
            outputKeyPrefix: "output/",
            outputs: [Output(id: "1", key: "web/a.mp4", presetID: "web")],
            submitted: Date(timeIntervalSince1970: 1_764_000_000.123456)
        )
    }
}
