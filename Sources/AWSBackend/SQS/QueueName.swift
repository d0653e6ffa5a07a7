package import Jobs

/// A queue as its URL names it: `https://sqs.eu-west-1.amazonaws.com/123456789012/videos`.
///
/// The URL goes into requests as it is; where they are sent is the client's business.
package struct QueueName: Sendable, Equatable {
    package let url: String
    /// The last part of the URL.
    package let name: String

    /// - Throws: `invalid` for what is not the URL of a standard queue.
    package init(url: String) throws(BackendError) {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false)
        guard let scheme = parts.first, scheme == "https:" || scheme == "http:",
            parts.count >= 4, parts[1].isEmpty, !parts[2].isEmpty,
            let name = parts.last.map(String.init), Self.isName(name)
        else { throw BackendError(.invalid, "\(url) is not the URL of a standard queue") }
        self.url = url
        self.name = name
    }

    /// Up to 80 letters, digits, hyphens and underscores (Amazon SQS API Reference, "CreateQueue").
    private static func isName(_ name: String) -> Bool {
        (1...80).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
