import Foundation
import TestMedia
import Testing

@testable import HTTPTransport

@Suite("Public addresses")
struct PublicAddressTests {
    private static let addresses = [
        "0.0.0.0", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "100.63.255.255", "100.64.0.0",
        "100.127.255.255", "100.128.0.0", "126.255.255.255", "127.0.0.1", "128.0.0.0", "169.253.255.255",
        "169.254.169.254", "169.255.0.0", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0",
        "192.0.0.1", "192.0.1.0", "192.0.2.1", "192.167.255.255", "192.168.0.1", "192.169.0.0",
        "198.17.255.255",
        "198.18.0.0", "198.19.255.255", "198.20.0.0", "198.51.100.1", "203.0.113.1", "223.255.255.255",
        "240.0.0.1", "255.255.255.255", "8.8.8.8", "52.218.1.1",
        "::", "::1", "fe80::1", "fc00::1", "fdff::1", "2001:db8::1", "2001::1", "2a00:1450::1",
        "2600:1f18::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "100::1", "2001:2::1",
        "1000::1", "4000::1", "3fff::1", "3ffe::1",
    ]

    /// Asked of Python, whose `ipaddress` follows IANA's registries; multicast it calls global, we do not.
    private static let script = """
        import ipaddress, sys
        for text in sys.argv[1:]:
            address = ipaddress.ip_address(text)
            mapped = getattr(address, "ipv4_mapped", None)
            print((mapped or address).packed.hex(), address.packed.hex(), int((mapped or address).is_global))
        """

    @Test("The rules agree with Python's reading of the registries")
    func agrees() throws {
        let lines = try Tool("python3").run(["-c", Self.script] + Self.addresses).outputLines
        try #require(lines.count == Self.addresses.count)
        for (address, line) in zip(Self.addresses, lines) {
            let parts = line.split(separator: " ")
            let bytes = stride(from: 0, to: parts[1].count, by: 2).compactMap {
                UInt8(parts[1].dropFirst($0).prefix(2), radix: 16)
            }
            let isPublic = bytes.count == 4 ? PublicAddress.holds(v4: bytes) : PublicAddress.holds(v6: bytes)
            // Not assigned to anybody, and outside the block that global addresses come from (RFC 4291 §2.4).
            if ["1000::1", "4000::1", "3fff::1"].contains(address) {
                #expect(!isPublic, "\(address)")
            } else {
                #expect(isPublic == (parts[2] == "1"), "\(address)")
            }
        }
    }

    @Test(
        "An IPv6 address that carries an IPv4 address is judged by that one",
        arguments: [
            ("2002" + "0a000001", false), ("2002" + "08080808", true),
            ("0064ff9b" + "00000000" + "00000000", false),
        ]
    )
    func judgesEmbedded(start: String, isPublic: Bool) {
        var bytes = stride(from: 0, to: start.count, by: 2).compactMap {
            UInt8(start.dropFirst($0).prefix(2), radix: 16)
        }
        bytes += [UInt8](repeating: 0, count: 12 - min(bytes.count, 12))
        bytes += [127, 0, 0, 1].suffix(16 - bytes.count)
        #expect(PublicAddress.holds(v6: bytes) == isPublic)
    }

    @Test("Multicast and the site-local addresses of old are nobody's on the Internet")
    func refusesMulticast() {
        #expect(!PublicAddress.holds(v4: [224, 0, 0, 1]))
        for start: [UInt8] in [[0xff, 2], [0xfe, 0xc0]] {
            #expect(!PublicAddress.holds(v6: start + [UInt8](repeating: 0, count: 13) + [1]))
        }
    }
}
