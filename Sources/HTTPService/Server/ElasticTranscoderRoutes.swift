internal import AWSSignature
package import ElasticTranscoder
internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Elastic Transcoder's API, and what stands before it: the proof of who asks.
package struct ElasticTranscoderRoutes: RouteGroup {
    private static let errorType = HTTPField.Name("x-amzn-ErrorType")

    private let api: ElasticTranscoderAPI
    /// `nil` lets everybody in.
    private let verifier: SignatureVerifier?

    package init(_ api: ElasticTranscoderAPI, verifier: SignatureVerifier?) {
        self.api = api
        self.verifier = verifier
    }

    package func add(to router: Router<ServiceRequestContext>) {
        // The operations themselves say which methods they take.
        for method: HTTPTypes.HTTPRequest.Method in [.get, .post, .put, .delete, .patch] {
            // The API says which of its versions there are.
            router.on("20{version}/**", method: method) { request, context in
                let version = context.parameters.get("version") ?? ""
                guard version.wholeMatch(of: #/\d\d-\d\d-\d\d/#) != nil else {
                    return Response.failure(.forbidden, "Missing Authentication Token")
                }
                return try await answer(request, context)
            }
        }
    }

    private func answer(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        let data = Data(body.readableBytesView)
        let (path, query) = Self.target(request)
        if let verifier {
            let signed = SignatureVerifier.Request(
                method: request.method.rawValue,
                path: path,
                query: query,
                headers: Self.headers(request),
                body: data
            )
            switch try await verifier.verify(signed) {
            case .failure(let refusal):
                return Self.answer(status: refusal.status, type: refusal.type, Self.message(refusal.message))
            case .success(let key): context.user = key
            }
        }
        guard let items = PercentEncoding.queryItems(query) else {
            return Self.answer(
                status: 400,
                type: "ValidationException",
                Self.message("The query is not properly encoded.")
            )
        }
        let answer = await api.respond(
            to: APIRequest(
                method: request.method.rawValue,
                path: String(path.reversed().drop { $0 == "/" }.reversed()),
                query: items,
                body: data
            )
        )
        return Self.answer(status: answer.status, type: answer.errorType, answer.body)
    }

    private static func answer(status: Int, type: String?, _ body: Data) -> Response {
        var headers: HTTPFields = [:]
        if let type, let errorType { headers[errorType] = type }
        return .json(body, status: .init(code: status), headers: headers)
    }

    private static func message(_ text: String) -> Data {
        (try? JSONEncoder().encode(["message": text])) ?? Data("{}".utf8)
    }

    /// Path and query as they were sent.
    private static func target(_ request: Request) -> (path: String, query: String) {
        let target = request.head.path ?? "/"
        guard let mark = target.firstIndex(of: "?") else { return (target, "") }
        return (String(target[..<mark]), String(target[target.index(after: mark)...]))
    }

    private static func headers(_ request: Request) -> [(name: String, value: String)] {
        var headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        if let authority = request.head.authority { headers.append((name: "host", value: authority)) }
        return headers
    }
}
