internal import CCrypto
package import Foundation

/// scrypt, by libcrypto (RFC 7914): makes a password expensive to guess from what is stored of it.
package struct KeyDerivation: Sendable, Equatable {
    /// Binary logarithm of the number of rounds; memory is 128 bytes × `blockSize` × 2 to its power.
    package let logRounds: Int
    package let blockSize: Int
    package let parallelism: Int

    /// 16 MiB and about a fifth of a second.
    package static let standard = KeyDerivation(uncheckedLogRounds: 14, blockSize: 8, parallelism: 5)

    /// `nil` for parameters that are out of range or need more than 64 MiB.
    package init?(logRounds: Int, blockSize: Int, parallelism: Int) {
        guard (1...20).contains(logRounds), (1...32).contains(blockSize), (1...16).contains(parallelism),
            128 * blockSize << logRounds <= Self.memoryLimit
        else { return nil }
        self.init(uncheckedLogRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
    }

    private init(uncheckedLogRounds: Int, blockSize: Int, parallelism: Int) {
        logRounds = uncheckedLogRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    private static let memoryLimit = 64 << 20

    /// Derives `byteCount` bytes; `nil` when libcrypto cannot, for want of memory.
    ///
    /// It computes for as long as it is meant to: not something for a thread that others wait for.
    package func derive(password: some DataProtocol, salt: some DataProtocol, byteCount: Int) -> Data? {
        let (password, salt) = ([UInt8](password), [UInt8](salt))
        var key = [UInt8](repeating: 0, count: byteCount)
        let status = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self),
                password.count,
                salt,
                salt.count,
                1 << UInt64(logRounds),
                UInt64(blockSize),
                UInt64(parallelism),
                UInt64(Self.memoryLimit * 2),
                &key,
                byteCount
            )
        }
        return status == 1 ? Data(key) : nil
    }
}
