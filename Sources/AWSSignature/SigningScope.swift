package import Foundation
internal import Hashing

/// When and where a signature counts, and the key that follows from it.
package struct SigningScope: Sendable, Equatable {
    /// `20260131T235959Z`, in UTC.
    package let timestamp: String
    package let region: String
    package let service: String

    package init(date: Date, region: String, service: String) {
        timestamp = date.formatted(Self.format)
        self.region = region
        self.service = service
    }

    /// The scope a received request claims; `nil` unless `timestamp` is one.
    package init?(timestamp: String, region: String, service: String) {
        guard Self.date(timestamp) != nil else { return nil }
        self.timestamp = timestamp
        self.region = region
        self.service = service
    }

    /// The moment that a timestamp such as `20260131T235959Z` names.
    package static func date(_ timestamp: String) -> Date? {
        guard timestamp.utf8.count == 16, let date = try? Date(timestamp, strategy: format) else {
            return nil
        }
        return date.formatted(format) == timestamp ? date : nil
    }

    /// The scope as it stands in requests, after the access key and a slash.
    package var text: String { "\(day)/\(region)/\(service)/aws4_request" }

    private var day: String { String(timestamp.prefix(8)) }

    /// The signature of a request, in hexadecimal.
    package func signature(of request: CanonicalRequest, secretAccessKey: String) -> String {
        let hash = Digest.sha256(Data(request.text.utf8)).hexadecimal
        let text = [SignatureV4.algorithm, timestamp, self.text, hash].joined(separator: "\n")
        return signature(ofText: text, secretAccessKey: secretAccessKey)
    }

    /// The signature of a finished string to sign, such as an encoded POST policy.
    package func signature(ofText text: String, secretAccessKey: String) -> String {
        var key = Data("AWS4\(secretAccessKey)".utf8)
        for step in [day, region, service, "aws4_request"] {
            key = Digest.hmacSHA256(key: key, Data(step.utf8))
        }
        return Digest.hmacSHA256(key: key, Data(text.utf8)).hexadecimal
    }

    private static let format = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted)
}
