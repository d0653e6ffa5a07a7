/// Which IP addresses belong to the public Internet.
///
/// Everything else, such as this machine, private networks and a cloud's metadata service, must not be
/// reached by an address that a stranger chose (IANA special-purpose address registries, RFC 6890).
enum PublicAddress {
    /// Whether the IPv4 address with these four bytes, in network order, is public.
    static func holds(v4 bytes: [UInt8]) -> Bool {
        guard bytes.count == 4 else { return false }
        let address = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return !reservedV4.contains { address >> (32 - $0.length) == $0.prefix >> (32 - $0.length) }
    }

    /// Whether the IPv6 address with these sixteen bytes, in network order, is public.
    ///
    /// An address that carries an IPv4 address is judged by that one, because that is who answers.
    static func holds(v6 bytes: [UInt8]) -> Bool {
        guard bytes.count == 16 else { return false }
        if bytes.starts(with: nat64) || bytes.starts(with: mappedV4) {
            return holds(v4: Array(bytes[12...]))
        }
        if bytes.starts(with: sixToFour) { return holds(v4: Array(bytes[2..<6])) }
        let isGlobalUnicast = bytes[0] & 0xe0 == 0x20
        // 2001::/23 is for protocols (Teredo among them), 2001:db8::/32 and 3fff::/20 for examples.
        let isProtocol = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] & 0xfe == 0
        let isExample = bytes.starts(with: [0x20, 0x01, 0x0d, 0xb8])
        let isNewExample = bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] & 0xf0 == 0
        return isGlobalUnicast && !isProtocol && !isExample && !isNewExample
    }

    private static let mappedV4: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    private static let nat64: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
    private static let sixToFour: [UInt8] = [0x20, 0x02]

    private static let reservedV4: [(prefix: UInt32, length: UInt32)] = [
        (0x0000_0000, 8),  // 0.0.0.0: this network
        (0x0a00_0000, 8),  // 10.0.0.0: private
        (0x6440_0000, 10),  // 100.64.0.0: carriers
        (0x7f00_0000, 8),  // 127.0.0.0: loopback
        (0xa9fe_0000, 16),  // 169.254.0.0: link-local, metadata services
        (0xac10_0000, 12),  // 172.16.0.0: private
        (0xc000_0000, 24),  // 192.0.0.0: protocols
        (0xc000_0200, 24),  // 192.0.2.0: examples
        (0xc058_6300, 24),  // 192.88.99.0: 6to4 relays, gone
        (0xc0a8_0000, 16),  // 192.168.0.0: private
        (0xc612_0000, 15),  // 198.18.0.0: benchmarks
        (0xc633_6400, 24),  // 198.51.100.0: examples
        (0xcb00_7100, 24),  // 203.0.113.0: examples
        (0xe000_0000, 4),  // 224.0.0.0: multicast
        (0xf000_0000, 4),  // 240.0.0.0: reserved, broadcast
    ]
}
