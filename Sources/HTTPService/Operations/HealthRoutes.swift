internal import AWSSignature
internal import Foundation
internal import HTTPTypes
internal import Hashing
package import Hummingbird
internal import HummingbirdCore
internal import Jobs
internal import NIOCore

/// Whether the service lives, whether it is ready, and what it measures.
package struct HealthRoutes: RouteGroup {
    /// Who may read the measurements.
    package enum MetricsAccess: Sendable {
        case everybody
        /// Who sends this as a bearer token.
        case token(String)
        case users
    }

    private let readiness: Readiness
    private let counts: StoreCounts
    private let metrics: ServiceMetrics
    private let access: MetricsAccess
    private let accounts: Accounts

    package init(
        _ context: ServiceContext,
        accounts: Accounts,
        metrics: ServiceMetrics,
        access: MetricsAccess
    ) {
        readiness = Readiness(context)
        counts = StoreCounts(context, metrics)
        self.accounts = accounts
        self.metrics = metrics
        self.access = access
    }

    package func add(to router: Router<ServiceRequestContext>) {
        router.get("healthz") { _, _ in Response.json(["status": "ok"]) }
        router.get("readyz") { _, _ in
            let problems = await readiness.problems()
            guard problems.isEmpty else {
                return Response.json(Answer(problems), status: .serviceUnavailable)
            }
            return Response.json(["status": "ok"])
        }
        router.get("metrics") { request, context in
            if let refusal = try await refusal(request, context) { return refusal }
            await counts.refresh()
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text))
            )
        }
    }

    private struct Answer: Encodable {
        let status = "unavailable"
        let problems: [String: String]
        init(_ problems: [String: String]) { self.problems = problems }
    }

    private func refusal(
        _ request: Request,
        _ context: ServiceRequestContext
    ) async throws(BackendError) -> Response? {
        switch access {
        case .everybody: return nil
        case .token(let token):
            let given = request.headers[.authorization] ?? ""
            guard Digest.isEqual(Data("Bearer \(token)".utf8), Data(given.utf8)) else {
                return .failure(.unauthorized, "Unauthorized", headers: [.wwwAuthenticate: "Bearer"])
            }
            return nil
        case .users:
            switch try await accounts.authenticate(authorization: request.headers[.authorization]) {
            case .missing, .malformed: return .unauthorized
            case .denied: return .denied
            case .user(let name):
                context.user = name
                return nil
            }
        }
    }
}
