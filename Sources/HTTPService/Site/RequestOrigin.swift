internal import Hummingbird

/// The address by which a client knows this service.
enum RequestOrigin {
    /// `nil` when the request names no host, or none that can be written into an address.
    static func of(_ request: Request, publicURL: String?) -> String? {
        if let publicURL { return publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL }
        guard let host = request.head.authority, !host.isEmpty, host.utf8.count <= 260,
            host.utf8.allSatisfy(isPart)
        else { return nil }
        return "http://\(host)"
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
