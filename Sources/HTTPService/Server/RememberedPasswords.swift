internal import AWSSignature
internal import Foundation
internal import Hashing

/// Passwords that were right a moment ago, as proofs from which they cannot be read.
///
/// A minute saves clients that send their password with every request the cost of the hash.
struct RememberedPasswords: Sendable {
    /// Name, password and stored hash, so that another password counts at once.
    struct Proof: Sendable {
        let name: String
        let password: String
        let hash: String
    }

    private static let lifetime = Duration.seconds(60)
    private static let limit = 1000

    private let key: Data
    private var expiries: [Data: ContinuousClock.Instant] = [:]

    init() {
        var random = SystemRandomNumberGenerator()
        key = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    func holds(_ proof: Proof, now: ContinuousClock.Instant) -> Bool {
        expiries[digest(proof)].map { $0 > now } ?? false
    }

    mutating func remember(_ proof: Proof, now: ContinuousClock.Instant) {
        if expiries.count >= Self.limit { expiries = expiries.filter { $0.value > now } }
        if expiries.count >= Self.limit { expiries.removeAll() }
        expiries[digest(proof)] = now + Self.lifetime
    }

    private func digest(_ proof: Proof) -> Data {
        // None of the three holds a zero byte.
        let text = [proof.name, proof.password, proof.hash].joined(separator: "\0")
        return Digest.hmacSHA256(key: key, Data(text.utf8))
    }
}
