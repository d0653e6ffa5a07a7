internal import CCrypto
package import Foundation

/// SHA-256 and HMAC-SHA-256, by libcrypto (FIPS 180-4, RFC 2104).
package enum Digest {
    package static let byteCount = 32

    package static func sha256(_ data: some DataProtocol) -> Data {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var status = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        for region in data.regions where status == 1 {
            region.withUnsafeBytes { status = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        }
        var digest = [UInt8](repeating: 0, count: byteCount)
        var length: UInt32 = 0
        if status == 1 { status = EVP_DigestFinal_ex(context, &digest, &length) }
        precondition(status == 1 && length == 32, "libcrypto has no SHA-256")
        return Data(digest)
    }

    package static func hmacSHA256(key: some DataProtocol, _ data: some DataProtocol) -> Data {
        let (key, bytes) = ([UInt8](key), [UInt8](data))
        var digest = [UInt8](repeating: 0, count: byteCount)
        var length: UInt32 = 0
        let made = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &digest, &length)
        precondition(made != nil && length == 32, "libcrypto has no HMAC-SHA-256")
        return Data(digest)
    }

    /// Whether two values are equal, in a time that does not depend on where they differ.
    package static func isEqual(_ first: some DataProtocol, _ second: some DataProtocol) -> Bool {
        let (first, second) = ([UInt8](first), [UInt8](second))
        return first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }
}

extension DataProtocol {
    /// Two lower-case hexadecimal digits a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}
