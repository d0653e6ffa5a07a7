package import Foundation

/// One HTTP request, sent exactly as it stands.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Absolute; path and query already percent-encoded.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: Data
    /// Seconds until the connection must stand.
    package var connectTimeout = 5.0
    /// Seconds the whole exchange may take.
    package var timeout = 60.0
    /// Bytes of body an answer may have; more is an error.
    package var maxResponseBytes = 64 << 20
    /// Whether the address may be one of this machine or of a private network.
    package var allowsPrivateAddresses = true
    /// Whether the proxy that the environment names is used.
    package var usesProxy = true

    package init(
        method: String,
        url: String,
        headers: [(name: String, value: String)] = [],
        body: Data = Data()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What a server answered, whatever its status.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Names in lower case; of repeated ones the last.
    package var headers: [String: String]
    package var body: Data

    package init(status: Int, headers: [String: String], body: Data) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why there was no answer.
package struct HTTPFailure: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// No connection, or it broke off: the request may or may not have been carried out.
        case connection
        case timeout
        /// The certificate is not trusted, or TLS failed.
        case tls
        /// The address is not allowed, or the request cannot be sent as it is.
        case refused
        case tooLarge
        case cancelled
    }

    package let kind: Kind
    /// Names the host, never a query, header or body.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }
}
