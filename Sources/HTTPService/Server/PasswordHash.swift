internal import AWSSignature
internal import Foundation
internal import Hashing

/// What is kept of a password: `$scrypt$ln=14,r=8,p=5$SALT$HASH`, both in base64 without padding.
///
/// The form is that of the PHC string format.
struct PasswordHash: Sendable, Equatable {
    let derivation: KeyDerivation
    let salt: Data
    let hash: Data

    private init(derivation: KeyDerivation, salt: Data, hash: Data) {
        self.derivation = derivation
        self.salt = salt
        self.hash = hash
    }

    /// Of a new password, with a salt of its own; `nil` for want of memory.
    init?(password: String, derivation: KeyDerivation) {
        var random = SystemRandomNumberGenerator()
        let salt = Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
        guard let hash = derivation.derive(password: Data(password.utf8), salt: salt, byteCount: 32) else {
            return nil
        }
        self.init(derivation: derivation, salt: salt, hash: hash)
    }

    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        var numbers: [Int] = []
        for (part, name) in zip(parts[2].split(separator: ","), ["ln=", "r=", "p="]) {
            guard part.hasPrefix(name), let number = Int(part.dropFirst(name.count)) else { return nil }
            numbers.append(number)
        }
        guard numbers.count == 3, let salt = Self.data(parts[3]), let hash = Self.data(parts[4]),
            salt.count >= 8, hash.count == 32,
            let derivation = KeyDerivation(
                logRounds: numbers[0],
                blockSize: numbers[1],
                parallelism: numbers[2]
            )
        else { return nil }
        self.init(derivation: derivation, salt: salt, hash: hash)
    }

    /// One that no password has, for users that are not there.
    static func ofNobody(_ derivation: KeyDerivation) -> PasswordHash {
        PasswordHash(
            derivation: derivation,
            salt: Data(repeating: 0, count: 16),
            hash: Data(repeating: 0, count: 32)
        )
    }

    var text: String {
        let parameters =
            "ln=\(derivation.logRounds),r=\(derivation.blockSize),p=\(derivation.parallelism)"
        return "$scrypt$\(parameters)$\(Self.base64(salt))$\(Self.base64(hash))"
    }

    /// Whether it is of this password; `nil` for want of memory.
    func matches(_ password: String) -> Bool? {
        derivation.derive(password: Data(password.utf8), salt: salt, byteCount: hash.count)
            .map { Digest.isEqual($0, hash) }
    }

    private static func base64(_ data: Data) -> String {
        String(data.base64EncodedString().prefix { $0 != "=" })
    }

    private static func data(_ text: Substring) -> Data? {
        Data(base64Encoded: text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
}
