internal import AWSSignature
internal import Foundation
internal import HTTPTypes
internal import Hashing
package import Hummingbird
internal import HummingbirdCore
internal import Jobs

/// Who is signed in: by a cookie that the service signed, or by a password with every request.
///
/// A session holds its user, when it ends, and a proof of both; nothing is kept of it here. Whoever gets
/// another password, or is removed, is signed out.
package struct Sessions: Sendable {
    static let cookie = "recast_session"
    /// Seconds.
    static let lifetime = 12 * 3600

    private let accounts: Accounts
    private let key: SessionKey
    private let publicURL: String?
    private let now: @Sendable () -> Date

    /// `publicURL` is the address by which clients know the service, when it is not the one they use.
    package init(_ context: ServiceContext, accounts: Accounts, publicURL: String? = nil) {
        self.accounts = accounts
        self.publicURL = publicURL
        key = SessionKey(store: context.store)
        now = context.now
    }

    /// The user that a request proves to be of; `nil` when it proves nothing.
    package func user(_ request: Request, _ context: ServiceRequestContext) async throws -> String? {
        if let name = try await signedIn(request) {
            context.user = name
            return name
        }
        guard let header = request.headers[.authorization],
            case .user(let name) = try await accounts.authenticate(authorization: header)
        else { return nil }
        context.user = name
        return name
    }

    /// A new session of a user.
    func token(for name: String) async throws(BackendError) -> String {
        let end = Int64(now().timeIntervalSince1970) + Int64(Self.lifetime)
        let claim = "\(Base64URL.encode(Data(name.utf8))).\(end)"
        return "\(claim).\(Base64URL.encode(try await proof(of: claim, name)))"
    }

    /// 401 in a scheme that makes no browser ask for a password by itself.
    static func unauthorized(_ request: Request) -> Response {
        if request.headers[.authorization] != nil { return .unauthorized }
        return .failure(
            .unauthorized,
            "Unauthorized",
            headers: [.wwwAuthenticate: #"Session realm="recast""#]
        )
    }

    /// Why a request may not change anything; `nil` when it may.
    ///
    /// Another site's page can neither send the header without asking first, nor hide where it is from.
    package func refusal(ofChange request: Request) -> Response? {
        guard let header = HTTPField.Name("X-Recast"), request.headers[header] == "1" else {
            return .failure(.forbidden, "The header X-Recast: 1 is missing")
        }
        guard let origin = request.headers[.origin] else { return nil }
        let own = [
            publicURL, request.head.authority.map { "http://\($0)" },
            request.head.authority.map { "https://\($0)" },
        ]
        let isOwn = own.contains { $0?.lowercased() == origin.lowercased() || $0 == origin + "/" }
        return isOwn ? nil : .failure(.forbidden, "The request comes from another origin")
    }

    /// The header that stores a session, or with a lifetime of 0 removes it.
    func cookie(_ token: String, _ request: Request, lifetime: Int) -> String {
        let forwarded = HTTPField.Name("X-Forwarded-Proto").flatMap { request.headers[$0] }
        let isSecure = publicURL?.hasPrefix("https://") == true || forwarded == "https"
        return "\(Self.cookie)=\(token); Path=/; Max-Age=\(lifetime); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }

    private func signedIn(_ request: Request) async throws(BackendError) -> String? {
        for line in request.headers[values: .cookie] {
            for pair in line.split(separator: ";") {
                let sides = pair.split(separator: "=", maxSplits: 1)
                guard sides.count == 2, sides[0].trimmingCharacters(in: .whitespaces) == Self.cookie else {
                    continue
                }
                if let name = try await user(ofToken: sides[1].trimmingCharacters(in: .whitespaces)) {
                    return name
                }
            }
        }
        return nil
    }

    private func user(ofToken token: String) async throws(BackendError) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= 1024, parts.count == 3, let end = Int64(parts[1]),
            Double(end) > now().timeIntervalSince1970,
            let name = Base64URL.decode(parts[0]).flatMap({ String(validating: $0, as: UTF8.self) }),
            let given = Base64URL.decode(parts[2])
        else { return nil }
        let proof = try await proof(of: "\(parts[0]).\(parts[1])", name)
        guard Digest.isEqual(proof, given) else { return nil }
        return try await accounts.isUser(name) ? name : nil
    }

    private func proof(of claim: String, _ name: String) async throws(BackendError) -> Data {
        let password = try await accounts.fingerprint(of: name) ?? ""
        return Digest.hmacSHA256(key: try await key.data(), Data("\(claim)\n\(password)".utf8))
    }
}
