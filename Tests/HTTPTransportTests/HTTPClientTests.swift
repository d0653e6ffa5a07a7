import Foundation
import HTTPTransport
import TestMedia
import Testing

@Suite("HTTP client")
struct HTTPClientTests {
    private let server: TestServer
    private let client = HTTPClient()

    init() throws { server = try TestServer.shared.get() }

    private func send(
        _ method: String,
        _ path: String,
        headers: [(name: String, value: String)] = [],
        body: Data = Data(),
        change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws(HTTPFailure) -> HTTPResponse {
        var request = HTTPRequest(method: method, url: server.url + path, headers: headers, body: body)
        change(&request)
        return try await client.send(request)
    }

    private func echo(
        _ method: String,
        _ path: String,
        headers: [(name: String, value: String)] = [],
        body: Data = Data()
    ) async throws -> Echo {
        let response = try await send(method, path, headers: headers, body: body)
        return try JSONDecoder().decode(Echo.self, from: response.body)
    }

    private func failure(
        _ method: String,
        _ path: String,
        change: (inout HTTPRequest) -> Void = { _ in }
    ) async -> HTTPFailure.Kind? {
        do throws(HTTPFailure) {
            _ = try await send(method, path, change: change)
            return nil
        } catch { return error.kind }
    }

    @Test("A path and its headers arrive as they were given")
    func sendsAsItStands() async throws {
        let path = "/a/../b/./c//%2e%2F(1)'!*?x=%20&uploads"
        let echo = try await echo("GET", path, headers: [("X-Meta", "v;a"), ("x-empty", "")])
        #expect(echo.path == path)
        #expect(echo.method == "GET")
        #expect(echo.header("x-meta") == "v;a")
        #expect(echo.header("x-empty") == "")
        #expect(echo.header("host") == String(server.url.dropFirst("http://".count)))
    }

    @Test(
        "A body arrives whole, with its length and nothing added",
        arguments: [("PUT", 0), ("POST", 0), ("POST", 5), ("PUT", 3_000_001), ("DELETE", 7)]
    )
    func sendsBodies(method: String, byteCount: Int) async throws {
        // A slice does not begin at index 0.
        let body = Data((0..<byteCount + 3).map { UInt8(truncatingIfNeeded: $0 &* 31) }).dropFirst(3)
        let echo = try await echo(method, "/echo", body: body)
        #expect(echo.method == method)
        #expect(echo.byteCount == byteCount)
        #expect(echo.header("content-length") == String(byteCount))
        #expect(echo.header("expect") == nil)
        #expect(echo.header("content-type") == nil)
        #expect(echo.header("transfer-encoding") == nil)
        let workspace = try Workspace()
        try body.write(to: workspace.url("body"))
        let sum = try Tool("sha256sum").output([workspace.path("body")])
        #expect(String(decoding: sum.prefix(64), as: UTF8.self) == echo.sha256)
    }

    @Test("The status, the headers in lower case and the last of repeated ones are returned")
    func returnsHeaders() async throws {
        let response = try await send("GET", "/interim")
        #expect(response.status == 200)
        #expect(response.headers["x-late"] == "b")
        #expect(response.headers["x-early"] == nil)
        #expect(try await send("GET", "/echo?status=503").status == 503)
    }

    @Test("HEAD has headers and no body, whatever length they state")
    func asksForHeaders() async throws {
        let response = try await send("HEAD", "/bytes?n=5000000") { $0.maxResponseBytes = 10 }
        #expect(response.headers["content-length"] == "5000000")
        #expect(response.body.isEmpty)
    }

    @Test("A redirection is an answer like any other")
    func doesNotFollow() async throws {
        let response = try await send("GET", "/redirect")
        #expect(response.status == 302)
        #expect(response.headers["location"] == "/bytes?n=1")
    }

    @Test("A connection is used again")
    func reusesConnections() async throws {
        let first = try await echo("GET", "/echo")
        let second = try await echo("PUT", "/echo", body: Data("x".utf8))
        #expect(first.connection == second.connection)
    }

    @Test("A kept connection that the server closed costs no request, not even one with a body")
    func survivesClosedConnections() async throws {
        for _ in 0..<5 {
            #expect(try await send("GET", "/leave").status == 200)
            let echo = try await echo("PUT", "/echo", body: Data(count: 200_000))
            #expect(echo.byteCount == 200_000)
        }
    }

    @Test("Many requests at once are all answered, the quick ones before the slow ones")
    func runsInParallel() async throws {
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 { group.addTask { try await send("GET", "/slow?seconds=0.3").body.count } }
            for try await byteCount in group { #expect(byteCount == 4) }
        }
        #expect(started.duration(to: .now) < .seconds(6))
    }

    @Test("More than the bound is refused, whether its length is stated or not")
    func boundsAnswers() async throws {
        #expect(try await send("GET", "/bytes?n=4096") { $0.maxResponseBytes = 4096 }.body.count == 4096)
        #expect(try await send("GET", "/chunked?n=4") { $0.maxResponseBytes = 4096 }.body.count == 4096)
        #expect(await failure("GET", "/bytes?n=4097") { $0.maxResponseBytes = 4096 } == .tooLarge)
        #expect(await failure("GET", "/chunked?n=5") { $0.maxResponseBytes = 4096 } == .tooLarge)
    }

    @Test("A connection that breaks off is a failure, and half an answer is none")
    func noticesBrokenConnections() async {
        #expect(await failure("GET", "/drop") == .connection)
        #expect(await failure("GET", "/cut") == .connection)
        #expect(await failure("GET", "/") { $0.url = "http://127.0.0.1:1/" } == .connection)
        #expect(await failure("GET", "/") { $0.url = "http://no-such-host.invalid/" } == .connection)
    }

    @Test("A server that says nothing ends in a time-out")
    func timesOut() async {
        #expect(await failure("GET", "/hang") { $0.timeout = 0.2 } == .timeout)
    }

    @Test("Cancelling the task ends the exchange and closes the connection")
    func cancels() async throws {
        let task = Task { await failure("GET", "/hang?name=cancelled") }
        #expect(try await isReached("hangs", by: "cancelled"))
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(try await isReached("closed", by: "cancelled"))
    }

    /// Whether a request that hangs comes to a state within ten seconds.
    private func isReached(_ state: String, by name: String) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while .now < deadline {
            let answer = try await send("GET", "/hanging?name=\(name)")
            if String(decoding: answer.body, as: UTF8.self) == state { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    @Test("A task that is cancelled already sends nothing")
    func cancelsBefore() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure("GET", "/echo")
        }
        #expect(await task.value == .cancelled)
    }

    @Test(
        "What could end a line or leave HTTP is refused",
        arguments: ["http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: 1", "file:///etc/passwd", "", "http://"]
    )
    func refusesMalformedAddresses(url: String) async {
        #expect(await failure("GET", "/") { $0.url = url } == .refused)
    }

    @Test(
        "A header that holds a line end is refused",
        arguments: [("A", "b\r\nC: d"), ("A:", "b"), ("", "b")]
    )
    func refusesMalformedHeaders(name: String, value: String) async {
        #expect(await failure("GET", "/") { $0.headers = [(name, value)] } == .refused)
    }

    @Test("A failure names the host, and neither query nor headers")
    func keepsSecrets() async throws {
        var request = HTTPRequest(method: "GET", url: "http://user:pass@127.0.0.1:1/path?signature=SECRET")
        request.headers = [("Authorization", "SECRET")]
        do throws(HTTPFailure) {
            _ = try await client.send(request)
            Issue.record("port 1 answered")
        } catch {
            #expect("\(error)".contains("127.0.0.1"))
            #expect(!"\(error)".contains("SECRET") && !"\(error)".contains("pass"))
        }
    }

    @Test(
        "Where private addresses are not allowed, names that lead to one are refused as well",
        arguments: ["127.0.0.1", "localhost", "[::1]", "127.1", "0x7f000001", "2130706433", "0"]
    )
    func refusesPrivateAddresses(host: String) async throws {
        // A connection that was allowed must not be taken over by one that is not.
        #expect(try await send("GET", "/echo").status == 200)
        let port = try #require(server.url.split(separator: ":").last)
        let kind = await failure("GET", "/") {
            $0.url = "http://\(host):\(port)/echo"
            $0.allowsPrivateAddresses = false
        }
        #expect(kind == .refused)
    }

    @Test("Headers without end are refused")
    func boundsHeaders() async throws {
        #expect(try await send("GET", "/headers?n=100").headers["x-header-99"] != nil)
        #expect(await failure("GET", "/headers?n=1000") == .tooLarge)
    }

    @Test("What waits for its turn may be cancelled")
    func cancelsWaiting() async throws {
        let client = HTTPClient(limit: 1)
        let url = server.url
        let first = Task { try await client.send(HTTPRequest(method: "GET", url: url + "/hang")) }
        let second = Task { try await client.send(HTTPRequest(method: "GET", url: url + "/echo")) }
        second.cancel()
        await #expect(throws: HTTPFailure.self) { try await second.value }
        first.cancel()
        await #expect(throws: HTTPFailure.self) { try await first.value }
        #expect(try await client.send(HTTPRequest(method: "GET", url: url + "/echo")).status == 200)
    }

    @Test("More requests than may be sent at once wait for their turn")
    func waitsForConnections() async throws {
        let client = HTTPClient(limit: 2)
        let url = server.url + "/echo"
        let connections = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    let response = try await client.send(HTTPRequest(method: "GET", url: url))
                    return try JSONDecoder().decode(Echo.self, from: response.body).connection
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(connections.count <= 2)
    }
}
