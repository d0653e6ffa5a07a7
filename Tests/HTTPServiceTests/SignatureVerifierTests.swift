import AWSSignature
import ElasticTranscoder
import Foundation
import HTTPService
import HTTPTransport
import Jobs
import TestBackends
import TestMedia
import Testing

@Suite("Requests signed by botocore")
struct SignatureVerifierTests {
    private struct Answer: Decodable {
        let status: Int
        let type: String?
        let body: String

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            status = try fields.decode(Int.self)
            type = try fields.decode(String?.self)
            body = try fields.decode(String.self)
        }
    }

    private static let invalid = "InvalidSignatureException"
    private static let incomplete = "IncompleteSignatureException"

    /// What each refused request of the script must answer.
    private static let refusals: [(name: String, status: Int, type: String)] = [
        ("changed body", 403, invalid), ("changed query", 403, invalid), ("added query", 403, invalid),
        ("changed path", 403, invalid), ("changed method", 403, invalid), ("changed header", 403, invalid),
        ("16 minutes ago", 403, invalid), ("in 16 minutes", 403, invalid),
        ("expired in the query", 403, invalid), ("changed in the query", 403, invalid),
        ("unknown key", 403, "UnrecognizedClientException"), ("odd key", 403, "UnrecognizedClientException"),
        ("wrong secret", 403, invalid), ("another service", 403, invalid),
        ("unsigned", 403, "MissingAuthenticationTokenException"), ("basic", 400, incomplete),
        ("no date", 400, incomplete), ("no signature", 400, incomplete), ("unsigned header", 400, incomplete),
    ]

    private func routes(_ context: ServiceContext, _ accounts: Accounts) -> [any RouteGroup] {
        let verifier = SignatureVerifier(
            accounts: accounts,
            service: "elastictranscoder",
            now: context.now
        )
        return [ElasticTranscoderRoutes(context.elasticTranscoder, verifier: verifier)]
    }

    private func answers(
        _ service: RunningService,
        id: String,
        secret: String
    ) async throws -> [String: Answer] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("signed.py")
        let result = try await Python.tool.runAside([script.path, service.origin, id, secret])
        guard result.status == 0 else { throw TestFailure(what: result.errorText) }
        return try JSONDecoder().decode([String: Answer].self, from: result.output)
    }

    @Test("They reach the API as they are, and whatever was changed, is late or unknown is refused")
    func verifies() async throws {
        try await RunningService.run(routes: routes) { service throws in
            let key = try await service.accounts.makeAccessKey()
            let answers = try await answers(service, id: key.id, secret: key.secret)
            let refused = Set(Self.refusals.map(\.name))
            for (name, answer) in answers where !refused.contains(name) {
                let isRefusal = answer.status == 403 || answer.type?.contains("Signature") == true
                #expect(!isRefusal, "\(name): \(answer)")
            }
            for refusal in Self.refusals {
                let answer = try #require(answers[refusal.name])
                #expect(answer.status == refusal.status, "\(refusal.name): \(answer)")
                #expect(answer.type == refusal.type, "\(refusal.name): \(answer)")
                let body = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
                #expect(body["message"]?.isEmpty == false)
                #expect(!answer.body.contains(key.secret))
            }
            #expect(answers.count > refused.count)
        }
    }

    @Test("A key of the settings counts like one that was made")
    func takesKeysOfTheSettings() async throws {
        var settings = Accounts.Settings()
        let key = Credentials(accessKeyID: "AKIAEXAMPLE", secretAccessKey: "c2VjcmV0/+keyEXAMPLE")
        settings.accessKeys = [key]
        try await RunningService.run(accounts: settings, routes: routes) { service throws in
            let answers = try await answers(service, id: key.accessKeyID, secret: key.secretAccessKey)
            #expect(answers["right"]?.type?.contains("Signature") != true)
            #expect(answers["right"]?.status != 403)
            #expect(answers["wrong secret"]?.status == 403)
        }
    }

    @Test("Who signed is in the log")
    func logsKeys() async throws {
        try await RunningService.run(routes: routes) { service throws in
            let key = try await service.accounts.makeAccessKey()
            _ = try await answers(service, id: key.id, secret: key.secret)
            #expect(service.log.lines.contains { $0["user"] == key.id })
            #expect(!service.log.lines.contains { $0.values.contains { $0.contains(key.secret) } })
        }
    }

    @Test("Paths that only look like a version of the API have no route")
    func keepsToVersions() async throws {
        try await RunningService.run(routes: routes) { service throws in
            for path in ["/2012-09-2x/jobs", "/20/jobs", "/2012-09-25x/jobs", "/201-09-25/jobs"] {
                let answer = try await service.send("GET", path)
                #expect(answer.status == 403)
                #expect(answer.headers["x-amzn-errortype"] == nil, "\(path)")
            }
        }
    }
}
