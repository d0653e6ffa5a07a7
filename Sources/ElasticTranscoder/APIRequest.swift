package import Foundation

/// A request to the API, freed of HTTP.
package struct APIRequest: Sendable {
    package var method: String
    /// Percent-encoded, without the query.
    package var path: String
    /// Decoded names and values, in the order in which they came.
    package var query: [(name: String, value: String)]
    package var body: Data

    package init(
        method: String,
        path: String,
        query: [(name: String, value: String)] = [],
        body: Data = Data()
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}

/// What the API answers: always JSON.
package struct APIResponse: Sendable {
    /// An HTTP status.
    package var status: Int
    /// The error's shape, such as `ValidationException`; `nil` when all went well.
    package var errorType: String?
    package var body: Data

    package init(status: Int, errorType: String? = nil, body: Data) {
        self.status = status
        self.errorType = errorType
        self.body = body
    }
}
