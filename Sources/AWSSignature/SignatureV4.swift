package import Foundation
internal import Hashing

/// AWS Signature Version 4: what makes a request provably one of the holder of a secret key.
///
/// Pure: the date is given, nothing is read or sent.
package struct SignatureV4: Sendable {
    package static let algorithm = "AWS4-HMAC-SHA256"

    /// How the body takes part in the signature.
    package enum Payload: Sendable {
        case data(Data)
        /// SHA-256 in hexadecimal, for a body that is signed more than once.
        case hash(String)
        /// Not at all; S3 only, and only over TLS or on loopback worth using.
        case unsigned

        package var hash: String {
            switch self {
            case .data(let data): Digest.sha256(data).hexadecimal
            case .hash(let hash): hash
            case .unsigned: CanonicalRequest.unsignedPayload
            }
        }
    }

    /// A request as far as the signature needs to know it.
    package struct Request: Sendable {
        package var method: String
        /// As the `Host` header is sent: with the port when it is not the scheme's own.
        package var host: String
        /// As it is sent, percent-encoded.
        package var path: String
        /// Decoded.
        package var query: [(name: String, value: String)]
        package var headers: [(name: String, value: String)]

        package init(
            method: String,
            host: String,
            path: String,
            query: [(name: String, value: String)] = [],
            headers: [(name: String, value: String)] = []
        ) {
            self.method = method
            self.host = host
            self.path = path
            self.query = query
            self.headers = headers
        }
    }

    package let credentials: Credentials
    package let region: String
    /// As in the credential scope, such as `s3` or `dynamodb`.
    package let service: String

    package init(credentials: Credentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The request's headers and those that sign it, without `Host`.
    package func headers(
        signing request: Request,
        payload: Payload,
        date: Date
    ) -> [(name: String, value: String)] {
        let scope = SigningScope(date: date, region: region, service: service)
        let hash = payload.hash
        var headers = request.headers
        headers.append(("X-Amz-Date", scope.timestamp))
        if service == "s3" { headers.append(("X-Amz-Content-SHA256", hash)) }
        if let token = credentials.sessionToken { headers.append(("X-Amz-Security-Token", token)) }
        let canonical = CanonicalRequest(
            method: request.method,
            path: request.path,
            query: request.query,
            headers: headers.filter { Self.isSigned($0.name) } + [("host", request.host)],
            payloadHash: hash,
            service: service
        )
        let signature = scope.signature(of: canonical, secretAccessKey: credentials.secretAccessKey)
        let authorization =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope.text), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
        return headers + [("Authorization", authorization)]
    }

    /// The query of an address that may be used without credentials for `lifetime` (1...604,800) seconds.
    ///
    /// Whoever uses it must send `request.headers` as they are.
    package func query(
        presigning request: Request,
        date: Date,
        lifetime: Int
    ) -> [(name: String, value: String)] {
        let scope = SigningScope(date: date, region: region, service: service)
        let headers = request.headers + [("host", request.host)]
        let names = Set(headers.map { $0.name.lowercased() }).sorted().joined(separator: ";")
        var query = request.query
        query += [
            ("X-Amz-Algorithm", Self.algorithm),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope.text)"),
            ("X-Amz-Date", scope.timestamp),
            ("X-Amz-Expires", String(lifetime)),
            ("X-Amz-SignedHeaders", names),
        ]
        if let token = credentials.sessionToken { query.append(("X-Amz-Security-Token", token)) }
        let canonical = CanonicalRequest(
            method: request.method,
            path: request.path,
            query: query,
            headers: headers,
            payloadHash: (service == "s3" ? Payload.unsigned : .data(Data())).hash,
            service: service
        )
        let signature = scope.signature(of: canonical, secretAccessKey: credentials.secretAccessKey)
        return query + [("X-Amz-Signature", signature)]
    }

    /// Proxies and clients may change these on the way.
    private static func isSigned(_ name: String) -> Bool {
        !["authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"]
            .contains(name.lowercased())
    }
}
