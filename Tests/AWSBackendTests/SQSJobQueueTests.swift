import AWSBackend
import Foundation
import HTTPTransport
import Jobs
import TestServers
import Testing

@Suite("SQS carries jobs")
struct SQSJobQueueTests {
    /// Receives until there is something, for at most ten seconds.
    private static func one(_ queue: SQSJobQueue, visibility: Double = 30) async throws -> QueueMessage {
        for _ in 0..<10 {
            let messages = try await queue.receive(limit: 1, wait: 1, visibility: visibility)
            if let message = messages.first { return message }
        }
        throw BackendError(.notFound, "no message came")
    }

    @Test("A message comes as it was sent, with its count and its time", arguments: Account.servers)
    func delivers(server: TestServer) async throws {
        let queue = try await Account(server).queue().queue
        let body = #"{"recast":{"job":"é€😀\n\t<&>"}}"#
        let before = Date()
        try await queue.send(body, delay: 0)
        let message = try await Self.one(queue)
        #expect(message.body == body)
        #expect(message.receiveCount == 1)
        #expect(abs(message.sent.timeIntervalSince(before)) < 30)
        #expect(try await queue.receive(limit: 10, wait: 0, visibility: 30).isEmpty)

        try await queue.extend(message, visibility: 0)
        let again = try await Self.one(queue)
        #expect(again.id == message.id)
        #expect(again.receipt != message.receipt)
        #expect(again.receiveCount == 2)
        try await queue.delete(again)
        try await queue.delete(again)
        let depth = try await queue.depth()
        #expect(depth == QueueDepth(visible: 0, inFlight: 0, dead: 0))
    }

    @Test("A deleted delivery no longer counts", arguments: Account.servers)
    func knowsStaleReceipts(server: TestServer) async throws {
        let queue = try await Account(server).queue().queue
        try await queue.send("1", delay: 0)
        let message = try await Self.one(queue)
        try await queue.delete(message)
        let error = await #expect(throws: BackendError.self) {
            try await queue.extend(message, visibility: 10)
        }
        #expect(error?.code == .notFound)
    }

    @Test(
        "SQS says in several ways that a delivery no longer counts",
        arguments: [
            "com.amazonaws.sqs#ReceiptHandleIsInvalid", "com.amazonaws.sqs#MessageNotInflight",
            "com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue",
        ]
    )
    func knowsEveryStaleReceipt(type: String) async throws {
        let body = #"{"__type":"\#(type)","message":"Value r for parameter ReceiptHandle is invalid."}"#
        let transport = ScriptedTransport(answers: [(400, body), (400, body)])
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/videos"
        let queue = try SQSJobQueue(client: transport.client, url: url, deadLetterURL: nil)
        let message = QueueMessage(id: "1", receipt: "r", body: "", receiveCount: 1, sent: Date())
        let error = await #expect(throws: BackendError.self) {
            try await queue.extend(message, visibility: 10)
        }
        #expect(error?.code == .notFound)
        try await queue.delete(message)
    }

    @Test("Receiving waits for a message that is sent meanwhile", arguments: Account.servers)
    func waits(server: TestServer) async throws {
        let queue = try await Account(server).queue().queue
        async let received = queue.receive(limit: 10, wait: 20, visibility: 30)
        try await queue.send("1", delay: 0)
        #expect(try await received.map(\.body) == ["1"])
    }

    @Test(
        "Dead letters keep their body and their reason, are shown again and put back",
        arguments: Account.servers
    )
    func keepsDeadLetters(server: TestServer) async throws {
        let account = try await Account(server)
        let (queue, _, deadLetterURL) = try await account.queue()
        var letters: Set<String> = []
        for number in 0..<12 {
            let body = #"{"number":\#(number)}"#
            try await queue.send(body, delay: 0)
            let message = try await Self.one(queue)
            let letter = DeadLetter(
                body: message.body,
                code: "denied",
                message: "no\u{0} é",
                jobID: "j\(number)"
            )
            try await queue.deadLetter(message, letter)
            letters.insert(body)
        }
        #expect(try await queue.depth() == QueueDepth(visible: 0, inFlight: 0, dead: 12))
        for limit in [12, 100] {
            let shown = try await queue.deadLetters(limit: limit)
            #expect(shown.count == 12)
            #expect(Set(shown.map(\.body)) == letters)
            #expect(Set(shown.compactMap(\.jobID)).count == 12)
            #expect(shown.allSatisfy { $0.code == "denied" && $0.message == "no  é" })
        }
        #expect(try await queue.deadLetters(limit: 3).count == 3)

        let arguments: JSON = [
            "QueueUrl": .string(deadLetterURL), "MessageAttributeNames": ["All"], "VisibilityTimeout": 0,
        ]
        let raw = try await account.boto.call("sqs", "receive_message", arguments)
        let attributes = raw["Messages"]?.elements.first?["MessageAttributes"]
        #expect(attributes?["code"]?["StringValue"] == "denied")

        #expect(try await queue.redrive(limit: 5) == 5)
        #expect(try await queue.redrive(limit: 100) == 7)
        #expect(try await queue.redrive(limit: 100) == 0)
        #expect(try await queue.depth() == QueueDepth(visible: 12, inFlight: 0, dead: 0))
    }

    @Test("A queue that is not there is not found, and a wrong secret is denied")
    func namesFailures() async throws {
        let account = try await Account(.ministack)
        let (_, url, _) = try await account.queue()
        let missing = try SQSJobQueue(client: try account.client(), url: url + "-missing", deadLetterURL: nil)
        let error = await #expect(throws: BackendError.self) { try await missing.send("1", delay: 0) }
        #expect(error?.code == .notFound)
        let denied = try SQSJobQueue(
            client: try account.client(secret: "wrong"),
            url: url,
            deadLetterURL: nil
        )
        let other = await #expect(throws: BackendError.self) { try await denied.send("1", delay: 0) }
        #expect(other?.code == .denied)
    }

    @Test("Without a queue for them there are no dead letters, and the message stays")
    func needsDeadLetterQueue() async throws {
        let account = try await Account(.ministack)
        let (_, url, _) = try await account.queue()
        let queue = try SQSJobQueue(client: try account.client(), url: url, deadLetterURL: nil)
        try await queue.send("1", delay: 0)
        let message = try await Self.one(queue)
        let error = await #expect(throws: BackendError.self) {
            try await queue.deadLetter(message, DeadLetter(body: "1", code: "denied", message: ""))
        }
        #expect(error?.code == .invalid)
        #expect(try await queue.depth().inFlight == 1)
    }

    @Test(
        "Seconds are rounded up, and those out of range are invalid",
        arguments: [(0, 0), (0.2, 1), (900, 900), (900.5, nil), (-1, nil), (.nan, nil), (.infinity, nil)]
    )
    func roundsSeconds(delay: Double, sent: Int?) async throws {
        let transport = ScriptedTransport(answers: [(200, #"{"MessageId":"1"}"#)])
        let queue = try SQSJobQueue(
            client: transport.client,
            url: "https://sqs.eu-west-1.amazonaws.com/1/q",
            deadLetterURL: nil
        )
        do {
            try await queue.send("1", delay: delay)
        } catch {
            #expect(error.code == .invalid)
        }
        let body = transport.requests.first.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(body?.contains(#""DelaySeconds":\#(sent ?? -1)"#) == (sent == nil ? nil : true))
    }

    @Test("A long wait is a row of short ones, each of which has more time than it waits")
    func allowsForWaiting() async throws {
        let transport = ScriptedTransport(answers: Array(repeating: (200, "{}"), count: 3))
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/videos"
        let queue = try SQSJobQueue(client: transport.client, url: url, deadLetterURL: nil)
        #expect(try await queue.receive(limit: 10, wait: 3, visibility: 60).isEmpty)
        let waits = [1, 1, 1]
        #expect(transport.requests.count == waits.count)
        for (request, wait) in zip(transport.requests, waits) {
            #expect(request.timeout >= Double(wait) + 5)
            #expect(String(decoding: request.body, as: UTF8.self).contains(#""WaitTimeSeconds":\#(wait)"#))
        }
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://sqs.eu-west-1.amazonaws.com/")
        #expect(
            request.headers.contains { $0.name == "X-Amz-Target" && $0.value == "AmazonSQS.ReceiveMessage" }
        )
    }

    @Test(
        "What is not the URL of a standard queue is invalid",
        arguments: [
            "", "videos", "ftp://host/1/q", "https://host", "https://host/1/q/", "https://host/1/q.fifo",
        ]
    )
    func refusesURLs(url: String) {
        let error = #expect(throws: BackendError.self) {
            try SQSJobQueue(client: ScriptedTransport(answers: []).client, url: url, deadLetterURL: nil)
        }
        #expect(error?.code == .invalid)
    }
}
