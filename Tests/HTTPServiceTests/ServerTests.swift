import Foundation
import HTTPService
import HTTPTransport
import Hummingbird
import Synchronization
import TestMedia
import Testing

@Suite("What all routes have in common")
struct ServerTests {
    @Test("Every answer names its request by a UUID, and no two the same")
    func namesRequests() async throws {
        try await RunningService.run { service throws in
            let answers = [
                try await service.send("GET", "/probe"), try await service.send("GET", "/nothing"),
                try await service.send("GET", "/fails"),
            ]
            let ids = answers.compactMap { $0.headers["x-request-id"] }
            #expect(Set(ids).count == 3)
            #expect(ids.allSatisfy { UUID(uuidString: $0) != nil })
            #expect(answers.compactMap { $0.headers["x-amzn-requestid"] } == ids)
        }
    }

    @Test("A path that no route has answers 403 as API Gateway did")
    func refusesUnknownPaths() async throws {
        try await RunningService.run { service throws in
            for path in ["/nothing", "/probe/more", "/%2e%2e/probe", "/things/1/2", "/healthz/x"] {
                let answer = try await service.send("GET", path)
                #expect(answer.status == 403, "\(path)")
                #expect(answer.body == Data(#"{"message":"Missing Authentication Token"}"#.utf8))
                #expect(answer.headers["content-type"] == "application/json")
            }
        }
    }

    @Test("A method that a known path does not take answers 405 and names those it takes")
    func refusesUnknownMethods() async throws {
        try await RunningService.run { service throws in
            for method in ["POST", "DELETE", "PUT", "PATCH"] {
                let answer = try await service.send(method, "/things/7")
                #expect(answer.status == 405)
                let text = #"{"Code":"MethodNotAllowedError","Message":"Unsupported method: \#(method)"}"#
                #expect(String(decoding: answer.body, as: UTF8.self) == text)
                #expect(answer.headers["allow"] == "GET, HEAD")
            }
        }
    }

    @Test("A slash at the end of a path changes nothing")
    func takesTrailingSlashes() async throws {
        try await RunningService.run { service throws in
            #expect(try await service.send("GET", "/probe/").body == Data("probe".utf8))
            #expect(try await service.send("GET", "/things/7/").body == Data("7".utf8))
            #expect(try await service.send("POST", "/probe/").status == 405)
        }
    }

    @Test("HEAD is answered wherever GET is, with the same headers and no body")
    func answersHead() async throws {
        try await RunningService.run { service throws in
            let curl = try await Tool("/usr/bin/curl").runAside(["-sI", "\(service.origin)/probe"])
            #expect(curl.outputText.hasPrefix("HTTP/1.1 200"))
            #expect(curl.outputText.lowercased().contains("content-length: 5"))
            #expect(!curl.outputText.contains("probe"))
        }
    }

    @Test("Browsers are told not to guess types, nor to show an answer in a frame")
    func hardensAnswers() async throws {
        try await RunningService.run { service throws in
            for path in ["/probe", "/nothing"] {
                let headers = try await service.send("GET", path).headers
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
            }
        }
    }

    @Test("A failure inside answers 500 and shows nothing of what is inside")
    func hidesInsides() async throws {
        try await RunningService.run { service throws in
            let answer = try await service.send("GET", "/fails")
            #expect(answer.status == 500)
            #expect(answer.body == Data(#"{"message":"Internal server error"}"#.utf8))
            let busy = try await service.send("GET", "/busy")
            #expect(busy.status == 503)
            #expect(busy.headers["retry-after"] == "3")
            #expect(!String(decoding: busy.body, as: UTF8.self).contains("slow down"))
        }
    }

    @Test("A body over 1 MiB answers 413, whether its length is stated or not, but not where uploads go")
    func limitsBodies() async throws {
        try await RunningService.run { service throws in
            let large = Data(repeating: 65, count: (1 << 20) + 1)
            #expect(try await service.send("POST", "/echo", body: large).status == 413)
            #expect(try await service.send("POST", "/echo", body: large.dropLast()).status == 200)
            #expect(try await service.send("POST", "/upload", body: large).body == Data("1048577".utf8))
            let workspace = try Workspace()
            try large.write(to: workspace.url("body"))
            let chunked = try await Tool("/usr/bin/curl").runAside([
                "-s", "-o", workspace.path("answer"), "-w", "%{http_code}", "-H",
                "Transfer-Encoding: chunked", "--data-binary", "@\(workspace.path("body"))",
                "\(service.origin)/echo",
            ])
            #expect(chunked.outputText == "413")
        }
    }

    @Test("One line is logged for each request, without the values of its query")
    func logsRequests() async throws {
        try await RunningService.run { service throws in
            _ = try await service.send("GET", "/probe?mail=a@b.c&X-Amz-Signature=abc")
            _ = try await service.send("GET", "/long")
            let line = try #require(service.log.requests(to: "/probe").first)
            #expect(line["path"] == "/probe?mail&X-Amz-Signature")
            #expect(line["status"] == "200" && line["bytes"] == "5" && line["method"] == "GET")
            #expect(line["client"] == "127.0.0.1")
            let long = try #require(service.log.requests(to: "/long").first)
            #expect(long["bytes"] == "\(64 << 16)")
        }
    }
}
