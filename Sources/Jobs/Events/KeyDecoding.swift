/// How an event spells an object key.
enum KeyDecoding: Sendable {
    /// Form encoding: `+` is a blank, `%XX` a byte, all bytes together UTF-8.
    case form
    /// The key as it is.
    case raw

    /// S3 encodes keys, and so do those that imitate it, with one exception known: Ceph does not.
    static func ofRecords(from source: String?) -> KeyDecoding { source == "ceph:s3" ? .raw : .form }

    /// The key, or `nil` when the encoding is broken.
    func decode(_ text: String) -> String? {
        guard self == .form else { return text }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(Self.digit) else { return nil }
                guard let low = rest.popFirst().flatMap(Self.digit) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
