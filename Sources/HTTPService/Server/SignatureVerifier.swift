internal import AWSSignature
package import Foundation
internal import Hashing
package import Jobs

/// Decides whether a request was signed by somebody who holds an access key of ours.
package struct SignatureVerifier: Sendable {
    /// A request exactly as it was on the wire.
    package struct Request: Sendable {
        package var method: String
        /// Percent-encoded, without the query.
        package var path: String
        /// Without the question mark.
        package var query: String
        package var headers: [(name: String, value: String)]
        package var body: Data

        package init(
            method: String,
            path: String,
            query: String = "",
            headers: [(name: String, value: String)],
            body: Data = Data()
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.body = body
        }
    }

    /// Why a request is refused, in Amazon's words for it.
    package struct Refusal: Error, Sendable, Equatable {
        package let status: Int
        package let type: String
        package let message: String
    }

    /// Seconds that a clock may be wrong.
    private static let skew = 900.0

    private let accounts: Accounts
    private let service: String
    private let now: @Sendable () -> Date

    package init(accounts: Accounts, service: String, now: @escaping @Sendable () -> Date) {
        self.accounts = accounts
        self.service = service
        self.now = now
    }

    /// The access key that signed the request; `nil`, with why not, when none did.
    package func verify(
        _ request: Request
    ) async throws(BackendError) -> Result<String, Refusal> {
        let headers = Dictionary(
            request.headers.map { ($0.name.lowercased(), [$0.value]) },
            uniquingKeysWith: +
        )
        guard let query = PercentEncoding.queryItems(request.query) else {
            return .failure(.incomplete("The query is not properly encoded."))
        }
        let claim: SignatureClaim
        do {
            claim = try SignatureClaim(headers: headers.compactMapValues(\.first), query: query)
        } catch {
            switch error {
            case .missing: return .failure(.missing)
            case .incomplete(let message): return .failure(.incomplete(message))
            }
        }
        if let refusal = refusal(of: claim, headers) { return .failure(refusal) }
        guard let secret = try await accounts.secret(of: claim.accessKeyID) else {
            return .failure(.unknownKey)
        }
        let canonical = CanonicalRequest(
            method: request.method,
            path: request.path,
            query: query.filter { claim.lifetime == nil || $0.name != "X-Amz-Signature" },
            headers: claim.signedHeaders.flatMap { name in headers[name, default: []].map { (name, $0) } },
            payloadHash: Digest.sha256(request.body).hexadecimal,
            service: service
        )
        let signature = claim.scope.signature(of: canonical, secretAccessKey: secret)
        guard Digest.isEqual(Data(signature.utf8), Data(claim.signature.utf8)) else {
            return .failure(.wrongSignature)
        }
        return .success(claim.accessKeyID)
    }

    /// What is wrong with a claim before its signature is looked at.
    private func refusal(of claim: SignatureClaim, _ headers: [String: [String]]) -> Refusal? {
        guard claim.scope.service == service else {
            return .invalid("Credential should be scoped to correct service: '\(service)'.")
        }
        guard claim.signedHeaders.contains("host") else {
            return .incomplete("'Host' must be a signed header.")
        }
        guard claim.signedHeaders.allSatisfy({ headers[$0] != nil }) else {
            return .incomplete("A signed header is missing from the request.")
        }
        let unsigned = headers.keys.filter { $0.hasPrefix("x-amz-") && !claim.signedHeaders.contains($0) }
        // What Amazon's headers say must not be changed on the way.
        guard unsigned.isEmpty else { return .incomplete("Every header x-amz-… must be signed.") }
        let age = now().timeIntervalSince(claim.date)
        if age < -Self.skew {
            return .invalid("Signature not yet current: its date is more than 15 minutes ahead.")
        }
        guard age <= (claim.lifetime.map(Double.init) ?? Self.skew) else {
            return .invalid("Signature expired: it is no longer current.")
        }
        return nil
    }
}

extension SignatureVerifier.Refusal {
    static let missing = Self(
        status: 403,
        type: "MissingAuthenticationTokenException",
        message: "Missing Authentication Token"
    )
    static let unknownKey = Self(
        status: 403,
        type: "UnrecognizedClientException",
        message: "The security token included in the request is invalid."
    )
    static let wrongSignature = invalid(
        "The request signature we calculated does not match the signature you provided. "
            + "Check your secret access key and signing method."
    )

    static func invalid(_ message: String) -> Self {
        Self(status: 403, type: "InvalidSignatureException", message: message)
    }

    static func incomplete(_ message: String) -> Self {
        Self(status: 400, type: "IncompleteSignatureException", message: message)
    }
}
