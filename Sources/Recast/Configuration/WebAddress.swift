internal import Foundation

/// An http or https address without a password in it.
struct WebAddress {
    /// Scheme and host: all of the address that certainly is no secret.
    let origin: String
    private let hasMore: Bool

    init?(_ text: String) {
        guard
            let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
            parts.user == nil, parts.password == nil
        else { return nil }
        origin = "\(scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "")
        hasMore = !["", "/"].contains(parts.path) || parts.query != nil || parts.fragment != nil
    }

    var shortened: String { hasMore ? origin + "/***" : origin }
}
