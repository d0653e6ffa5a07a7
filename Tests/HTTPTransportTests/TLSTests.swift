import Foundation
import HTTPTransport
import TestMedia
import Testing

@Suite("HTTP over TLS")
struct TLSTests {
    private let workspace: Workspace
    private let certificate: String
    private let server: TestServer

    init() throws {
        workspace = try Workspace()
        let (key, certificate) = (workspace.path("key.pem"), workspace.path("certificate.pem"))
        try Tool("openssl").output([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
            certificate,
        ])
        server = try TestServer("http2_server.py", [certificate, key])
        self.certificate = certificate
    }

    @Test("A certificate that nobody vouches for is refused")
    func refusesUnknown() async {
        await #expect(throws: HTTPFailure.self) {
            do throws(HTTPFailure) {
                _ = try await HTTPClient().send(HTTPRequest(method: "GET", url: server.url))
            } catch {
                #expect(error.kind == .tls)
                throw error
            }
        }
    }

    @Test("A certificate for another name is refused")
    func refusesOtherName() async throws {
        let client = HTTPClient(certificates: certificate)
        let url = server.url.replacingOccurrences(of: "127.0.0.1", with: "localhost")
        let error = await #expect(throws: HTTPFailure.self) {
            try await client.send(HTTPRequest(method: "GET", url: url))
        }
        #expect(error?.kind == .tls)
    }

    @Test("With authorities of one's own, many requests share a connection of HTTP/2")
    func multiplexes() async throws {
        let client = HTTPClient(certificates: certificate)
        // The connection stands before the others come.
        _ = try await client.send(HTTPRequest(method: "GET", url: server.url))
        let body = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13) })
        let url = server.url + "/a/../b?x=%20"
        try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
            for _ in 0..<20 {
                group.addTask { try await client.send(HTTPRequest(method: "PUT", url: url, body: body)) }
            }
            for try await response in group {
                #expect(response.status == 201)
                #expect(response.headers["x-version"] == "2")
                #expect(response.headers["x-target"] == "/a/../b?x=%20")
                #expect(response.body == body)
            }
        }
        let count = try await client.send(HTTPRequest(method: "GET", url: server.url)).headers[
            "x-connections"
        ]
        #expect(count == "1")
    }
}
