internal import AWSSignature
package import Foundation

/// One request to one of the services, before it is signed.
package struct AWSRequest: Sendable {
    package var service: AWSService
    package var method: String
    /// S3's bucket; goes into the host or the path.
    package var bucket: String?
    /// Percent-encoded, below the bucket or the service's address.
    package var path: String
    /// Decoded, in any order.
    package var query: [(name: String, value: String)]
    package var headers: [(name: String, value: String)]
    package var body: Data
    /// Whether the body takes part in the signature; S3 alone may do without.
    package var signsPayload = true
    /// Whether it is signed at all.
    package var isSigned = true
    /// Seconds one attempt may take.
    package var timeout = 30.0
    /// Bytes of body an answer may have.
    package var maxResponseBytes = 64 << 20
    /// Whether doing it twice is the same as doing it once, so that it may be repeated after a lost answer.
    package var isIdempotent = true

    package init(
        _ service: AWSService,
        _ method: String,
        bucket: String? = nil,
        path: String = "/",
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        body: Data = Data()
    ) {
        self.service = service
        self.method = method
        self.bucket = bucket
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// What the request is about, for messages.
    var subject: String {
        guard let bucket else { return service.displayName }
        let key = PercentEncoding.decode(path.dropFirst()) ?? ""
        return key.isEmpty ? "bucket \(bucket)" : "\(bucket)/\(key)"
    }
}
