internal import CCrypto

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by libcrypto.
///
/// It reads no file and allocates nothing, so a confined process can use it.
package struct SHA256: ~Copyable {
    private var context = SHA256_CTX()

    package init() { SHA256_Init(&context) }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        SHA256_Update(&context, start, bytes.count)
    }

    /// The hash in hexadecimal.
    package consuming func finish() -> String {
        var digest = [UInt8](repeating: 0, count: Digest.byteCount)
        SHA256_Final(&digest, &context)
        return digest.hexadecimal
    }
}
