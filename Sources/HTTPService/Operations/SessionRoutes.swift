internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Jobs

/// Signing in and out.
package struct SessionRoutes: RouteGroup {
    private struct Credentials: Decodable {
        let name: String
        let password: String
    }

    private let sessions: Sessions
    private let accounts: Accounts
    private let limit = AttemptLimit()

    package init(_ sessions: Sessions, accounts: Accounts) {
        self.sessions = sessions
        self.accounts = accounts
    }

    package func add(to router: Router<ServiceRequestContext>) {
        router.get("api/session") { request, context in
            guard let user = try await sessions.user(request, context) else {
                return Sessions.unauthorized(request)
            }
            return Response.json(["user": user])
        }
        router.post("api/session") { request, context in try await signIn(request, context) }
        router.delete("api/session") { request, _ in
            if let refusal = sessions.refusal(ofChange: request) { return refusal }
            return Response(
                status: .noContent,
                headers: [.setCookie: sessions.cookie("", request, lifetime: 0)]
            )
        }
    }

    private func signIn(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        if let refusal = sessions.refusal(ofChange: request) { return refusal }
        let body = try await request.body.collect(upTo: 16 << 10)
        guard let given = try? JSONDecoder().decode(Credentials.self, from: Data(body.readableBytesView))
        else {
            return .failure(.badRequest, "The body must be JSON with name and password")
        }
        if let seconds = limit.wait(address: context.address, name: given.name) {
            return .failure(
                .tooManyRequests,
                "Too many attempts; try again later",
                headers: [.retryAfter: String(seconds)]
            )
        }
        guard try await accounts.isPassword(given.password, of: given.name) else {
            limit.failed(address: context.address, name: given.name)
            return .failure(.unauthorized, "The name or the password is wrong")
        }
        limit.succeeded(address: context.address, name: given.name)
        context.user = given.name
        let token = try await sessions.token(for: given.name)
        let cookie = sessions.cookie(token, request, lifetime: Sessions.lifetime)
        return Response(status: .noContent, headers: [.setCookie: cookie])
    }
}
