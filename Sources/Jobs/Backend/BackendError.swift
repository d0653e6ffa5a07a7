/// Why a storage, queue, table or topic did not do what was asked.
package struct BackendError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, Codable {
        /// The object, bucket, queue, table or topic does not exist.
        case notFound = "not-found"
        /// A condition did not hold: something exists already, or changed in the meantime.
        case conflict
        /// The credentials do not allow it, or there are none.
        case denied
        /// Too many requests; try again later.
        case throttled
        /// The service, the network or the disk failed; try again later.
        case unavailable
        /// The request itself is wrong and will never work.
        case invalid
    }

    package let code: Code
    /// Names the thing; never holds a secret.
    package let message: String
    /// Seconds the service asks to wait before the next try.
    package let retryAfter: Double?

    package init(_ code: Code, _ message: String, retryAfter: Double? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    /// Whether the same request may work later.
    package var isRetryable: Bool { code == .throttled || code == .unavailable }
    package var description: String { "\(message) [\(code.rawValue)]" }
}

/// One page of a listing.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    /// Where the next page begins; `nil` on the last one.
    package var next: String?

    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}
