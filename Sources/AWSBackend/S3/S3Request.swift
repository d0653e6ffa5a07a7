internal import AWSSignature
internal import Foundation
internal import HTTPTransport
internal import Jobs

/// Marks an object as written by one certain call, so that the call knows its own work after an answer
/// was lost.
struct WriteMark: Sendable {
    /// The name among the object's user metadata; never shown to others.
    static let name = "recast-write"
    let value = UUID().uuidString.lowercased()
}

/// The parts of S3's requests and answers.
enum S3Request {
    static func object(
        _ location: ObjectLocation,
        _ method: String,
        query: [(name: String, value: String)] = []
    ) throws(BackendError) -> AWSRequest {
        guard (1...1024).contains(location.key.utf8.count) else {
            throw BackendError(.invalid, "bucket \(location.bucket): a key has 1 to 1024 bytes")
        }
        var request = try bucket(location.bucket, method, query: query)
        request.path = "/" + PercentEncoding.encodePath(location.key)
        return request
    }

    static func bucket(
        _ bucket: String,
        _ method: String,
        query: [(name: String, value: String)] = []
    ) throws(BackendError) -> AWSRequest {
        // The name becomes part of the host or the path.
        let isName =
            (3...255).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
            } && !bucket.hasPrefix(".")
        guard isName else { throw BackendError(.invalid, "\(bucket) is not the name of a bucket") }
        return AWSRequest(.s3, method, bucket: bucket, query: query)
    }

    /// Seconds that many bytes may take: half a minute, and 256 KiB a second.
    static func timeout(for byteCount: Int) -> Double { min(30 + Double(byteCount) / 262_144, 3600) }

    static func headers(
        _ attributes: ObjectAttributes,
        _ mark: WriteMark
    ) throws(BackendError) -> [(name: String, value: String)] {
        var headers = [
            ("Content-Type", attributes.contentType), ("x-amz-meta-\(WriteMark.name)", mark.value),
        ]
        for (name, value) in attributes.metadata.sorted(by: { $0.key < $1.key }) {
            let isName =
                !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
            let isValue = value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
            guard isName, isValue else { throw BackendError(.invalid, "metadata \(name) is not plain ASCII") }
            headers.append(("x-amz-meta-\(name)", value))
        }
        return headers
    }

    static func headers(_ condition: WriteCondition) -> [(name: String, value: String)] {
        switch condition {
        case .none: []
        case .absent: [("If-None-Match", "*")]
        // Without quotation marks: S3 compares what is between them, Ceph 16 the whole text.
        case .matches(let eTag): [("If-Match", eTag)]
        }
    }

    /// What a failed write means: with `matches`, an object that is gone is a conflict.
    static func conflict(for failure: AWSFailure, _ condition: WriteCondition) -> BackendError {
        guard case .matches = condition, failure.serviceCode == "NoSuchKey" else { return failure.error }
        return BackendError(.conflict, failure.error.message)
    }

    static func quoted(_ eTag: String) -> String { "\"\(eTag)\"" }

    static func unquoted(_ eTag: String) -> String {
        eTag.trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
    }

    /// A key as an answer writes it, decoded when the answer says that it is encoded.
    static func key(in node: XMLNode, called name: String = "Key", of root: XMLNode) -> String? {
        guard let text = node.text(name) else { return nil }
        guard root.text("EncodingType") == "url" else { return text }
        return PercentEncoding.decode(text.replacingOccurrences(of: "+", with: "%20"))
    }
}

extension AWSClient {
    /// Waits before something is tried again after `attempt`; false when the task was cancelled.
    func pause(after attempt: Int) async -> Bool {
        let seconds = RetryPolicy().delay(after: attempt, isThrottled: false, random: timing.random())
        do { try await timing.sleep(seconds) } catch { return false }
        return true
    }
}
