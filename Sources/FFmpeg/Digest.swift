/// SHA-256 (FIPS 180-4) of bytes that are in memory.
public enum Digest {
    /// The hash in hexadecimal.
    public static func sha256(_ bytes: [UInt8]) throws(FFmpegError) -> String {
        var hash = try ByteHash.open()
        bytes.withUnsafeBytes { hash.add($0) }
        return hash.finish()
    }
}
