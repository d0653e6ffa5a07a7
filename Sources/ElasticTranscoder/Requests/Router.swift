internal import Foundation

/// Finds the operation that a request asks for.
enum Router {
    /// An operation, and the values in its path.
    struct Call: Sendable {
        let operation: Operation
        let pathValues: [String: String]
    }

    static func call(_ request: APIRequest) throws(APIError) -> Call {
        var segments = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard let version = segments.popFirst(), version == APIDescription.version else {
            throw APIError(
                .incompatibleVersion,
                "The API version of the path is not supported; it is \(APIDescription.version)."
            )
        }
        for operation in APIDescription.operations where operation.method == request.method {
            if let values = values(in: Array(segments), of: operation) {
                return Call(operation: operation, pathValues: values)
            }
        }
        throw APIError(.unknownOperation, "There is no such operation.")
    }

    private static func values(in segments: [Substring], of operation: Operation) -> [String: String]? {
        let template = operation.path.split(separator: "/")
        guard template.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (expected, segment) in zip(template, segments) {
            if expected.hasPrefix("{") {
                values[String(expected.dropFirst().dropLast())] =
                    segment.removingPercentEncoding ?? String(segment)
            } else if expected != segment {
                return nil
            }
        }
        return values
    }
}
