import Foundation
import HTTPService
import HTTPTransport
import Synchronization
import Testing

@Suite("Connections")
struct ConnectionTests {
    private static let ending = "Host: x\r\nConnection: close\r\n\r\n"

    @Test(
        "What is not HTTP answers 400 or nothing, never 500, and the service goes on",
        arguments: [
            "\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\(ending)", "\u{0}\u{1}\u{2}\r\n\r\n",
            "GET /probe HTTP/1.1\r\nContent-Length: x\r\n\(ending)",
            "GET /probe HTTP/1.1\r\nContent-Length: -1\r\n\(ending)",
            "GET /probe HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\(ending)",
            "POST /echo HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\(ending)0\r\n\r\n",
            "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\(ending)zz\r\nab\r\n0\r\n\r\n",
            "GET /probe HTTP/1.1\r\nBad Name: x\r\n\(ending)", "GET /pro be HTTP/1.1\r\n\(ending)",
        ]
    )
    func survivesNonsense(text: String) async throws {
        var settings = HTTPService.Settings()
        settings.headSeconds = 1
        settings.idleSeconds = 2
        try await RunningService.run(settings: settings) { service throws in
            let answer = try #require(await RawConnection.exchange(port: service.port, [text])).received
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"), "\(answer.prefix(80))")
            #expect(try await service.send("GET", "/probe").status == 200)
        }
    }

    @Test(
        "Odd paths and queries are answered, never with 500",
        arguments: [
            "/%", "/%zz", "/%00", "//probe", "/probe?%", "/probe?=&&=", "/things/%ff", "http://x/probe", "*",
            "/things/\(String(repeating: "a", count: 8000))", "/probe#x", "/..", "/probe/../..",
        ]
    )
    func survivesOddPaths(path: String) async throws {
        try await RunningService.run { service throws in
            let request = "GET \(path) HTTP/1.1\r\n\(Self.ending)"
            let answer = try #require(await RawConnection.exchange(port: service.port, [request])).received
            let status = try #require(Int(answer.split(separator: " ").dropFirst().first ?? ""))
            #expect((200..<500).contains(status), "\(answer.prefix(80))")
        }
    }

    @Test("Headers of more than 16 KiB, together or alone, and a longer path are refused")
    func limitsHeaders() async throws {
        try await RunningService.run { service throws in
            let long = "X: \(String(repeating: "a", count: 17 << 10))\r\n"
            let many = (0..<30).map { "X-\($0): \(String(repeating: "a", count: 700))\r\n" }.joined()
            let fields = (0..<200).map { "X-\($0): a\r\n" }.joined()
            for headers in [long, many, fields] {
                let request = "GET /probe HTTP/1.1\r\n\(headers)\(Self.ending)"
                let answer = try #require(await RawConnection.exchange(port: service.port, [request]))
                    .received
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(80))")
            }
            let path = "/things/" + String(repeating: "a", count: 100 << 10)
            let request = "GET \(path) HTTP/1.1\r\n\(Self.ending)"
            let answer = try #require(await RawConnection.exchange(port: service.port, [request])).received
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(80))")
        }
    }

    @Test("A head that comes byte by byte is not waited for")
    func cutsSlowHeads() async throws {
        var settings = HTTPService.Settings()
        settings.headSeconds = 1
        try await RunningService.run(settings: settings) { service throws in
            let bytes = ["G", "E", "T", " ", "/"] + Array(repeating: "a", count: 300)
            let answer = try #require(await RawConnection.exchange(port: service.port, bytes, pause: 0.1))
            #expect(answer.received.isEmpty && answer.seconds < 20, "\(answer)")
        }
    }

    @Test("A body that comes byte by byte is not waited for")
    func cutsSlowBodies() async throws {
        var settings = HTTPService.Settings()
        settings.patienceSeconds = 1
        try await RunningService.run(settings: settings) { service throws in
            let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
            let bytes = [head] + Array(repeating: "a", count: 300)
            let answer = try #require(await RawConnection.exchange(port: service.port, bytes, pause: 0.1))
            #expect(answer.received.isEmpty && answer.seconds < 20, "\(answer)")
        }
    }

    @Test("A connection without requests is closed after a while")
    func closesIdleConnections() async throws {
        var settings = HTTPService.Settings()
        settings.idleSeconds = 1
        try await RunningService.run(settings: settings) { service throws in
            let request = "GET /probe HTTP/1.1\r\nHost: x\r\n\r\n"
            let answer = try #require(await RawConnection.exchange(port: service.port, [request, request]))
                .received
            #expect(answer.components(separatedBy: "HTTP/1.1 200").count == 3)
        }
    }

    @Test("A stopping service finishes the requests that are running, and takes no more")
    func drains() async throws {
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let routes = ProbeRoutes {
            begin.yield()
            var iterator = released.makeAsyncIterator()
            await iterator.next()
        }
        try await RunningService.run(routes: { _, _ in [routes] }) { service throws in
            async let answer = service.send("GET", "/slow")
            var iterator = started.makeAsyncIterator()
            await iterator.next()
            async let stopped: Void = service.shutDown()
            // Refused once the port is closed; until then it may still be answered.
            while (try? await service.send("GET", "/probe")) != nil { await Task.yield() }
            release.yield()
            #expect(try await answer.body == Data("slow".utf8))
            await stopped
        }
    }
}
