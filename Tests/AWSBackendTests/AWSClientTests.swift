import AWSSignature
import Foundation
import HTTPTransport
import Hashing
import Jobs
import Synchronization
import Testing

@testable import AWSBackend

@Suite("AWS client")
struct AWSClientTests {
    typealias Script = ScriptedTransport
    private static let request = AWSRequest(.s3, "GET", bucket: "videos", path: "/a%20b.mp4")

    private static func failure(
        _ client: AWSClient,
        _ request: AWSRequest = request
    ) async throws -> AWSFailure {
        do throws(AWSFailure) { _ = try await client.exchange(request) } catch { return error }
        throw Unexpected()
    }

    private struct Unexpected: Error {}

    @Test("A request is signed and goes to the service's address")
    func sends() async throws {
        let script = Script([Script.answer(200, "body")])
        var request = Self.request
        request.query = [("versionId", "a b")]
        let response = try await makeClient(script).send(request)
        #expect(response.body == Data("body".utf8))
        let sent = try #require(script.requests.first)
        #expect(sent.url == "https://videos.s3.eu-west-1.amazonaws.com/a%20b.mp4?versionId=a%20b")
        #expect(sent.header("authorization")?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/20260131/") == true)
        #expect(sent.header("x-amz-content-sha256") == Digest.sha256(Data()).hexadecimal)
    }

    @Test("A call in JSON names its target")
    func calls() async throws {
        let script = Script([Script.answer(200, "{}")])
        let answer = try await makeClient(script)
            .call(.dynamodb, target: "DynamoDB_20120810.GetItem", json: Data("{}".utf8), timeout: 7)
        #expect(answer == Data("{}".utf8))
        let sent = try #require(script.requests.first)
        #expect(sent.url == "https://dynamodb.eu-west-1.amazonaws.com/")
        #expect(sent.method == "POST")
        #expect(sent.header("x-amz-target") == "DynamoDB_20120810.GetItem")
        #expect(sent.header("content-type") == "application/x-amz-json-1.0")
        #expect(sent.timeout == 7)
    }

    @Test(
        "A service's failure becomes ours, and keeps its own code",
        arguments: [
            (404, "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>", "NoSuchKey", .notFound),
            (404, "", nil, .notFound), (403, "", nil, .denied), (412, "", nil, .conflict),
            (400, "", nil, .invalid),
            (
                412, "<?xml version=\"1.0\"?>\n<Error><Code>PreconditionFailed</Code></Error>",
                "PreconditionFailed", .conflict
            ),
            (403, "<Error><Code>AccessDenied</Code></Error>", "AccessDenied", .denied),
            (400, "<Error><Code>EntityTooSmall</Code></Error>", "EntityTooSmall", .invalid),
            (
                400,
                #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"m"}"#,
                "ConditionalCheckFailedException", .conflict
            ),
            (
                400, #"{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"m"}"#,
                "InvalidSignatureException", .denied
            ),
            (400, #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}"#, "QueueDoesNotExist", .notFound),
            (
                403,
                "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>",
                "AuthorizationError", .denied
            ),
            (400, "not a document <", nil, .invalid), (400, #"{"__type":5}"#, nil, .invalid),
        ] as [(Int, String, String?, BackendError.Code)]
    )
    func mapsFailures(status: Int, body: String, serviceCode: String?, code: BackendError.Code) async throws {
        let script = Script([Script.answer(status, body)])
        let failure = try await Self.failure(makeClient(script))
        #expect(failure.error.code == code)
        #expect(failure.serviceCode == serviceCode)
        #expect(failure.status == status)
        #expect(failure.body == Data(body.utf8))
        #expect(failure.error.message.contains("videos/a b.mp4"))
        #expect(script.requests.count == 1)
    }

    @Test(
        "What may pass is repeated with growing delays",
        arguments: [
            (Script.answer(500), [0.2, 0.4, 0.8], BackendError.Code.unavailable),
            (Script.failure(.connection), [0.2, 0.4, 0.8], .unavailable),
            (Script.failure(.timeout), [0.2, 0.4, 0.8], .unavailable),
            (
                Script.answer(400, "<Error><Code>RequestTimeout</Code></Error>"), [0.2, 0.4, 0.8],
                .unavailable
            ),
            (
                Script.answer(409, "<Error><Code>ConditionalRequestConflict</Code></Error>"),
                [0.2, 0.4, 0.8], .conflict
            ),
            (Script.failure(.tls), [], .unavailable), (Script.failure(.refused), [], .invalid),
            (Script.failure(.tooLarge), [], .invalid), (Script.failure(.cancelled), [], .unavailable),
            (
                Script.answer(501, "<Error><Code>NotImplemented</Code></Error>"), [], .invalid
            ),
        ]
    )
    func repeats(answer: Script.Answer, waits: [Double], code: BackendError.Code) async throws {
        let clock = TestClock()
        let script = Script(Array(repeating: answer, count: 10))
        let failure = try await Self.failure(makeClient(script, clock: clock))
        #expect(failure.error.code == code)
        #expect(clock.waits == waits)
        #expect(script.requests.count == waits.count + 1)
    }

    @Test("A success after failures is a success, signed for its own moment")
    func succeedsLate() async throws {
        let clock = TestClock()
        let script = Script([Script.answer(503), Script.failure(.connection), Script.answer(200, "late")])
        let response = try await makeClient(script, clock: clock).send(Self.request)
        #expect(response.body == Data("late".utf8))
        let dates = script.requests.map { $0.header("x-amz-date") }
        #expect(dates.first == "20260131T235959Z")
    }

    @Test("A request that must not be done twice is repeated only when it was refused")
    func sparesOthers() async throws {
        var request = Self.request
        request.isIdempotent = false
        let lost = Script([Script.failure(.connection), Script.answer(200)])
        #expect(try await Self.failure(makeClient(lost), request).error.code == .unavailable)
        let slowed = Script([Script.answer(503, "<Error><Code>SlowDown</Code></Error>"), Script.answer(200)])
        #expect(try await makeClient(slowed).send(request).status == 200)
    }

    @Test("The pause that a service asks for is kept, and handed on when it is too long")
    func honoursRetryAfter() async throws {
        let clock = TestClock()
        let brief = Script([Script.answer(503, "", ["retry-after": "7"]), Script.answer(200)])
        _ = try await makeClient(brief, clock: clock).send(Self.request)
        #expect(clock.waits == [7])

        let long = Script([Script.answer(503, "", ["retry-after": "Sun, 01 Feb 2026 00:59:59 GMT"])])
        let failure = try await Self.failure(makeClient(long))
        #expect(failure.error.retryAfter == 3600)
    }

    @Test("Throttled requests are at most eight a second until the service recovers")
    func paces() async throws {
        let clock = TestClock()
        let slow = Script.answer(503, "<Error><Code>SlowDown</Code></Error>")
        let script = Script([slow, slow, slow, slow] + Array(repeating: Script.answer(200), count: 100))
        let client = makeClient(script, clock: clock)
        #expect(try await Self.failure(client).error.code == .throttled)
        #expect(clock.waits.filter { $0 >= 1 } == [1, 2, 4])

        let before = clock.waits.count
        for _ in 0..<4 { _ = try await client.send(Self.request) }
        #expect(clock.waits[before...].contains { $0 > 0.1 })
        for _ in 0..<30 { _ = try await client.send(Self.request) }
        let recovered = clock.waits.count
        for _ in 0..<10 { _ = try await client.send(Self.request) }
        #expect(clock.waits.count == recovered)
    }

    @Test("Requests that all fail use up the budget they share, and are then no longer repeated")
    func sharesBudget() async throws {
        let script = Script(Array(repeating: Script.answer(500), count: 1000))
        let client = makeClient(script)
        for _ in 0..<50 { _ = try await Self.failure(client) }
        #expect(script.requests.count == 50 + 100)
    }

    @Test(
        "A wrong clock is corrected by the service's, once and for all",
        arguments: [
            (403, "<Error><Code>RequestTimeTooSkewed</Code></Error>"), (403, ""),
            (400, #"{"__type":"InvalidSignatureException","message":"Signature expired"}"#),
        ]
    )
    func learnsClock(status: Int, body: String) async throws {
        let skewed = Script.answer(status, body, ["date": "Sun, 01 Feb 2026 01:00:00 GMT"])
        let script = Script([skewed, Script.answer(200), Script.answer(200)])
        let client = makeClient(script)
        _ = try await client.send(Self.request)
        _ = try await client.send(Self.request)
        let dates = script.requests.map { $0.header("x-amz-date") }
        #expect(dates == ["20260131T235959Z", "20260201T010000Z", "20260201T010000Z"])
    }

    @Test("A refusal by a service whose clock is ours is final")
    func keepsClock() async throws {
        let script = Script([Script.answer(403, "", ["date": "Sun, 01 Feb 2026 00:01:00 GMT"])])
        #expect(try await Self.failure(makeClient(script)).error.code == .denied)
        #expect(script.requests.count == 1)
    }

    @Test("Where a bucket is in another region, the failure says so")
    func namesRegion() async throws {
        let script = Script([Script.answer(301, "", ["x-amz-bucket-region": "ap-south-1"])])
        #expect(try await Self.failure(makeClient(script)).error.message.contains("ap-south-1"))
    }

    @Test("Credentials that have expired are fetched anew, once")
    func renewsCredentials() async throws {
        let source = CountingCredentials()
        let expired = Script.answer(400, "<Error><Code>ExpiredToken</Code></Error>")
        let script = Script([expired, Script.answer(200), expired, expired])
        let client = makeClient(script, credentials: source)
        _ = try await client.send(Self.request)
        let keys = script.requests.map { $0.header("authorization")?.contains("Credential=KEY1/") }
        #expect(keys == [false, true])
        #expect(try await Self.failure(client).error.code == .denied)
        #expect(script.requests.count == 4)
    }

    @Test("A task that is cancelled sends nothing more")
    func stops() async throws {
        let script = Script([])
        let client = makeClient(script)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Self.failure(client)
        }
        #expect(try await task.value.error.code == .unavailable)
        #expect(script.requests.isEmpty)
    }
}

/// Gives out KEY0 until it is discarded, then KEY1, and so on.
private final class CountingCredentials: CredentialSource {
    private let count = Mutex(0)

    func credentials() async throws(BackendError) -> Credentials {
        Credentials(accessKeyID: "KEY\(count.withLock { $0 })", secretAccessKey: "secret")
    }

    func discard(_ credentials: Credentials) async { count.withLock { $0 += 1 } }
}

@Suite("XML of the services")
struct XMLNodeTests {
    @Test("Elements, text, entities, CDATA, comments and prefixes are read")
    func reads() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- > --><s3:List xmlns:s3="http://x/" a='>'><Key>a&amp;b&#x20AC;&#233;&lt;</Key><Empty/>
            <Key><![CDATA[<&>]]> é</Key><In><Key>x</Key></In></s3:List>
            """
        let root = try XMLNode.parse(Data(text.utf8))
        #expect(root.name == "List")
        #expect(root.all("Key").map(\.text) == ["a&b€é<", "<&> é"])
        #expect(root.first("In")?.text("Key") == "x")
        #expect(root.text("Empty") == "")
    }

    @Test(
        "What is cut off, crossed, undefined or a bomb is refused",
        arguments: [
            "", "text", "<a>", "<a><b></a></b>", "<a>&nbsp;</a>", "<a>&#x110000;</a>", "<a", "<a>&amp</a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", String(repeating: "<a>", count: 100_000),
            "<a><![CDATA[x</a>",
            "</a>", "<>x</>",
        ]
    )
    func refuses(text: String) {
        #expect(throws: XMLNode.Malformed.self) { try XMLNode.parse(Data(text.utf8)) }
    }

    @Test("Escaped text is read back as it was", arguments: ["a&b<c>\"d'\n\t\u{1}é😀", ""])
    func escapes(text: String) throws {
        #expect(try XMLNode.parse(Data("<a>\(XMLNode.escaped(text))</a>".utf8)).text == text)
    }
}
