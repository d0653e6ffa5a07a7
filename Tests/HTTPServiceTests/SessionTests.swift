import Foundation
import HTTPService
import HTTPTransport
import Jobs
import Synchronization
import Testing

@Suite("Sessions")
struct SessionTests {
    private let time = Clock()

    private final class Clock: Sendable {
        private let moment = Mutex(Date(timeIntervalSince1970: 1_790_000_000))
        var now: Date { moment.withLock { $0 } }
        func advance(_ seconds: Double) { moment.withLock { $0 += seconds } }
    }

    private func signIn(
        _ service: RunningService,
        _ name: String = "edu",
        _ password: String = OperationsHouse.password,
        headers: [(name: String, value: String)] = []
    ) async throws -> HTTPTransport.HTTPResponse {
        let body = try JSONEncoder().encode(["name": name, "password": password])
        return try await service.send(
            "POST",
            "/api/session",
            headers: headers + [("X-Recast", "1")],
            body: body
        )
    }

    private func user(_ service: RunningService, _ cookie: String) async throws -> String? {
        let answer = try await service.send("GET", "/api/session", headers: [("Cookie", cookie)])
        guard answer.status == 200 else { return nil }
        return try OperationsHouse.object(answer)["user"] as? String
    }

    private func cookie(_ answer: HTTPTransport.HTTPResponse) throws -> String {
        String(try #require(answer.headers["set-cookie"]).prefix { $0 != ";" })
    }

    @Test("Who signs in gets a cookie that no script reads, no other site sends, and twelve hours end")
    func signsIn() async throws {
        try await OperationsHouse.run(context: .inMemory(now: { [time] in time.now })) { service, _ throws in
            let answer = try await signIn(service)
            #expect(answer.status == 204)
            let attributes = try #require(answer.headers["set-cookie"]).components(separatedBy: "; ")
            #expect(attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"))
            #expect(attributes.contains("Path=/") && !attributes.contains("Secure"))
            let cookie = try cookie(answer)
            #expect(try await user(service, "a=b; \(cookie)") == "edu")
            time.advance(12 * 3600 - 5)
            #expect(try await user(service, cookie) == "edu")
            time.advance(10)
            #expect(try await user(service, cookie) == nil)
            let proxied = try await signIn(service, headers: [("X-Forwarded-Proto", "https")])
            #expect(proxied.headers["set-cookie"]?.hasSuffix("; Secure") == true)
        }
    }

    @Test("A cookie that was changed in any place is none")
    func refusesForgery() async throws {
        try await OperationsHouse.run { service, _ throws in
            let cookie = try cookie(try await signIn(service))
            let parts = cookie.dropFirst("recast_session=".count).split(separator: ".").map(String.init)
            let other = Data("ana".utf8).base64EncodedString()
            for token in [
                "", ".", "..", "\(other).\(parts[1]).\(parts[2])",
                "\(parts[0]).\((Int(parts[1]) ?? 0) + 1).\(parts[2])", "\(parts[0]).\(parts[1]).AAAA",
                "\(parts[0]).\(parts[1]).", "\(parts[0]).x.\(parts[2])", String(repeating: "a", count: 5000),
            ] {
                #expect(try await user(service, "recast_session=\(token)") == nil, "\(token)")
            }
        }
    }

    @Test("Another password, or the end of a user, ends the sessions there are")
    func endsWithPassword() async throws {
        try await OperationsHouse.run { service, _ throws in
            let first = try cookie(try await signIn(service))
            try await service.accounts.addUser(name: "edu", password: "another")
            #expect(try await user(service, first) == nil)
            let second = try cookie(try await signIn(service, "edu", "another"))
            #expect(try await user(service, second) == "edu")
            try await service.accounts.removeUser("edu")
            #expect(try await user(service, second) == nil)
        }
    }

    @Test("A session outlives the process that began it")
    func outlivesProcesses() async throws {
        let context = ServiceContext.inMemory()
        var kept = ""
        try await OperationsHouse.run(context: context) { service, _ throws in
            kept = try cookie(try await signIn(service))
        }
        try await RunningService.run(context: context, routes: OperationsHouse.routes) { service throws in
            #expect(try await user(service, kept) == "edu")
        }
    }

    @Test("Signing out takes the cookie away")
    func signsOut() async throws {
        try await OperationsHouse.run { service, _ throws in
            let answer = try await service.send("DELETE", "/api/session", headers: [("X-Recast", "1")])
            #expect(answer.status == 204)
            #expect(answer.headers["set-cookie"]?.contains("recast_session=; Path=/; Max-Age=0") == true)
            #expect(try await service.send("DELETE", "/api/session").status == 403)
        }
    }

    @Test("After five wrong passwords a name has to wait, others have not")
    func slowsGuessing() async throws {
        try await OperationsHouse.run { service, _ throws in
            try await service.accounts.addUser(name: "ana", password: "p")
            for _ in 0..<5 { #expect(try await signIn(service, "edu", "wrong").status == 401) }
            let answer = try await signIn(service)
            #expect(answer.status == 429)
            #expect(Int(answer.headers["retry-after"] ?? "").map { 1...61 ~= $0 } == true)
            #expect(try await signIn(service, "ana", "p").status == 204)
        }
    }

    @Test("A body that is no name and password is refused", arguments: ["", "[]", "{}", #"{"name":1}"#])
    func refusesOddBodies(text: String) async throws {
        try await OperationsHouse.run { service, _ throws in
            let headers = [(name: "X-Recast", value: "1")]
            let answer = try await service.send(
                "POST",
                "/api/session",
                headers: headers,
                body: Data(text.utf8)
            )
            #expect(answer.status == 400)
        }
    }
}
