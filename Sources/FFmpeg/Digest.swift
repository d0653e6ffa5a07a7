internal import Hashing

/// SHA-256 (FIPS 180-4) of bytes that are in memory.
public enum Digest {
    /// The hash in hexadecimal.
    public static func sha256(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.add($0) }
        return hash.finish()
    }
}
