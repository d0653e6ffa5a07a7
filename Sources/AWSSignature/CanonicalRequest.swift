internal import Foundation

/// A request in the one form from which client and server compute the same signature.
///
/// AWS General Reference, "Create a signed AWS API request": method, path, query, headers, names of the
/// signed headers and the payload's hash, a line each.
package struct CanonicalRequest: Sendable, Equatable {
    /// Stands in place of the hash where the body is not part of the signature.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"

    package let text: String
    /// Names in lower case, sorted, joined by semicolons.
    package let signedHeaders: String

    /// Puts a request in canonical form.
    ///
    /// `path` is percent-encoded as it is sent, empty meaning "/"; `query` is decoded, in any order;
    /// `headers` are those to be signed, `host` among them, in any case and order; `payloadHash` is 64
    /// hexadecimal digits or `unsignedPayload`.
    package init(
        method: String,
        path: String,
        query: [(name: String, value: String)],
        headers: [(name: String, value: String)],
        payloadHash: String,
        service: String
    ) {
        var values: [String: [String]] = [:]
        for header in headers {
            values[header.name.lowercased(), default: []].append(Self.trimmed(header.value))
        }
        let names = values.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        signedHeaders = names.joined(separator: ";")
        let lines = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined()
        text = [
            method, Self.path(path, service: service), Self.query(query), lines, signedHeaders, payloadHash,
        ].joined(separator: "\n")
    }

    /// The path to be signed (same source, "Canonical URI").
    ///
    /// S3 takes it as it is sent; all others resolve its dots and double slashes and encode it once more.
    static func path(_ sent: String, service: String) -> String {
        let sent = sent.isEmpty ? "/" : sent
        if service == "s3" { return sent }
        var segments: [Substring] = []
        for segment in sent.split(separator: "/") where segment != "." {
            if segment == ".." {
                _ = segments.popLast()
            } else {
                segments.append(segment)
            }
        }
        let isFolder = sent.hasSuffix("/") && !segments.isEmpty
        return PercentEncoding.encodePath("/" + segments.joined(separator: "/") + (isFolder ? "/" : ""))
    }

    /// Sorted by encoded name, then by encoded value.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map {
            (Array(PercentEncoding.encode($0.name).utf8), Array(PercentEncoding.encode($0.value).utf8))
        }
        .sorted { $0.0 == $1.0 ? $0.1.lexicographicallyPrecedes($1.1) : $0.0.lexicographicallyPrecedes($1.0) }
        .map { String(decoding: $0.0 + [UInt8(ascii: "=")] + $0.1, as: UTF8.self) }
        .joined(separator: "&")
    }

    /// Without blanks at the ends, and with a single one for each run of them.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
