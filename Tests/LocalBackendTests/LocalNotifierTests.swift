import Foundation
import HTTPTransport
import Jobs
import LocalBackend
import Synchronization
import TestMedia
import Testing

@Suite("Notifications and webhooks")
struct LocalNotifierTests {
    /// What the stand-in for the network was asked, and what it answers.
    private final class Network: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        let answer: Result<HTTPResponse, HTTPFailure>

        init(_ answer: Result<HTTPResponse, HTTPFailure>) { self.answer = answer }

        convenience init(status: Int, headers: [String: String] = [:]) {
            self.init(.success(HTTPResponse(status: status, headers: headers, body: Data())))
        }

        func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
            requests.withLock { $0.append(request) }
            return try answer.get()
        }
    }

    private struct Fixture {
        let workspace: Workspace
        let clock = ManualClock()
        let notifier: LocalNotifier

        init(_ settings: WebhookSettings, _ post: @escaping LocalNotifier.Send) async throws {
            workspace = try Workspace()
            let database = try await LocalDatabase.open(DataFolder(workspace.folder))
            notifier = LocalNotifier(database, settings: settings, clock: clock.wallClock, post: post)
        }

        init(_ network: Network, secret: String? = "s3cret") async throws {
            try await self.init(WebhookSettings(secret: secret)) { (request) throws(HTTPFailure) in
                try network.send(request)
            }
        }
    }

    private static func notification(_ topic: String, id: String = "1-a:complete") -> Jobs.Notification {
        Jobs.Notification(id: id, topic: topic, subject: "complete", message: "{\"key\":\"é\\n\"}")
    }

    @Test("A topic that is a name is written to the log, once however often it is sent")
    func logs() async throws {
        let network = Network(status: 204)
        let fixture = try await Fixture(network)
        for topic in ["done", "arn:aws:sns:eu-west-1:1:x", "https:", "httpx://host/"] {
            try await fixture.notifier.send(Self.notification(topic, id: topic))
        }
        fixture.clock.advance(by: 10)
        try await fixture.notifier.send(Self.notification("done", id: "done"))
        let entries = try await fixture.notifier.entries(limit: 10)
        #expect(
            entries.map(\.notification.topic) == [
                "httpx://host/", "https:", "arn:aws:sns:eu-west-1:1:x", "done",
            ]
        )
        #expect(entries.last?.notification == Self.notification("done", id: "done"))
        #expect(entries.last?.date == Date(timeIntervalSince1970: 1_700_000_000))
        #expect(network.requests.withLock { $0.isEmpty })
    }

    @Test("A webhook is posted with ten seconds to answer, and only to public addresses")
    func posts() async throws {
        let network = Network(status: 204)
        let fixture = try await Fixture(network)
        try await fixture.notifier.send(Self.notification("HTTPS://example.com/hook?token=1"))
        let request = try #require(network.requests.withLock { $0.first })
        #expect(request.method == "POST" && request.url == "HTTPS://example.com/hook?token=1")
        #expect(request.timeout == 10 && request.connectTimeout <= 10 && !request.allowsPrivateAddresses)
        #expect(String(decoding: request.body, as: UTF8.self) == "{\"key\":\"é\\n\"}")
        #expect(try await fixture.notifier.entries(limit: 1).count == 1)
    }

    @Test(
        "What the webhook answers decides whether it is called again",
        arguments: [
            (200, nil), (204, nil), (299, nil), (301, BackendError.Code.unavailable), (307, .unavailable),
            (400, .invalid), (401, .denied), (403, .denied), (404, .notFound), (408, .unavailable),
            (410, .notFound), (422, .invalid), (429, .throttled), (500, .unavailable), (503, .unavailable),
            (0, .unavailable),
        ]
    )
    func mapsStatus(status: Int, expected: BackendError.Code?) async throws {
        let fixture = try await Fixture(Network(status: status, headers: ["location": "http://127.0.0.1/"]))
        let topic = "https://example.com/hook?token=hidden"
        #expect(await code { try await fixture.notifier.send(Self.notification(topic)) } == expected)
    }

    @Test("A webhook that asks for time gets it, and no message names a path, a query or the secret")
    func asksForTime() async throws {
        let fixture = try await Fixture(Network(status: 429, headers: ["retry-after": "17"]))
        let topic = "https://example.com/path-hidden?token=hidden"
        let error = await #expect(throws: BackendError.self) {
            try await fixture.notifier.send(Self.notification(topic))
        }
        #expect(error?.retryAfter == 17 && error?.message == "the webhook at example.com answered 429")
        let settings = WebhookSettings(secret: "s3cret")
        #expect(!"\(settings) \(String(reflecting: settings))".contains("s3cret"))
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }

    @Test(
        "A call that fails is repeated later, unless the address is not allowed",
        arguments: [
            (HTTPFailure.Kind.connection, BackendError.Code.unavailable), (.timeout, .unavailable),
            (.tls, .unavailable), (.tooLarge, .unavailable), (.refused, .denied),
        ]
    )
    func mapsFailures(kind: HTTPFailure.Kind, expected: BackendError.Code) async throws {
        let fixture = try await Fixture(Network(.failure(HTTPFailure(kind, "no answer"))))
        #expect(await code { try await fixture.notifier.send(Self.notification("http://a/")) } == expected)
    }

    @Test(
        "An address that cannot be called is refused",
        arguments: ["http://", "https:///path", "http://user:pass@host/", "http://host/#part", "http://a b/"]
    )
    func refusesAddresses(topic: String) async throws {
        let network = Network(status: 204)
        let fixture = try await Fixture(network)
        #expect(await code { try await fixture.notifier.send(Self.notification(topic)) } == .invalid)
        #expect(network.requests.withLock { $0.isEmpty })
    }

    /// A receiver that checks signatures with Python's `hmac`, and its address.
    private final class Receiver {
        private static let script = """
            import hashlib, hmac, http.server
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    stamp = self.headers["X-Recast-Timestamp"].encode()
                    good = "sha256=" + hmac.new(b"s3cret", stamp + b"." + body, hashlib.sha256).hexdigest()
                    matches = hmac.compare_digest(good, self.headers.get("X-Recast-Signature", ""))
                    print("called", self.path, self.headers["X-Recast-Id"], matches, flush=True)
                    self.send_response(302 if self.path == "/moved" else 204 if matches else 401)
                    if self.path == "/moved": self.send_header("Location", "/hook")
                    self.end_headers()
                def log_message(self, *arguments): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            print(server.server_port, flush=True)
            server.serve_forever()
            """
        private let process: RunningTool

        init() throws {
            process = try Tool("python3").start(["-c", Self.script])
            _ = process.wait(limit: 20) { process.outputText.contains("\n") }
        }

        var port: Int { Int(process.outputText.prefix { $0 != "\n" }) ?? 0 }
        var calls: [String] { process.outputText.split(separator: "\n").dropFirst().map(String.init) }

        deinit { _ = try? process.finish(limit: 0) }
    }

    private static func post() -> LocalNotifier.Send {
        let client = HTTPClient()
        return { (request) throws(HTTPFailure) in try await client.send(request) }
    }

    @Test("A receiver finds the signature right, and one with another secret finds it wrong")
    func signs() async throws {
        let receiver = try Receiver()
        let topic = "http://127.0.0.1:\(receiver.port)/hook"
        let right = try await Fixture(
            WebhookSettings(secret: "s3cret", allowsPrivateAddresses: true),
            Self.post()
        )
        try await right.notifier.send(Self.notification(topic))
        for secret in ["other", nil] {
            let wrong = try await Fixture(
                WebhookSettings(secret: secret, allowsPrivateAddresses: true),
                Self.post()
            )
            #expect(await code { try await wrong.notifier.send(Self.notification(topic)) } == .denied)
        }
        #expect(
            receiver.calls == [
                "called /hook 1-a:complete True", "called /hook 1-a:complete False",
                "called /hook 1-a:complete False",
            ]
        )
    }

    @Test("A redirection is not followed, and private addresses are not called unless they may be")
    func staysWhereItWasSent() async throws {
        let receiver = try Receiver()
        let base = "127.0.0.1:\(receiver.port)"
        let open = try await Fixture(
            WebhookSettings(secret: "s3cret", allowsPrivateAddresses: true),
            Self.post()
        )
        #expect(
            await code { try await open.notifier.send(Self.notification("http://\(base)/moved")) }
                == .unavailable
        )
        let closed = try await Fixture(WebhookSettings(secret: "s3cret"), Self.post())
        for host in [base, "localhost:\(receiver.port)", "[::ffff:127.0.0.1]:\(receiver.port)"] {
            let topic = "http://\(host)/hook"
            #expect(await code { try await closed.notifier.send(Self.notification(topic)) } == .denied)
        }
        #expect(receiver.calls == ["called /moved 1-a:complete True"])
    }
}
