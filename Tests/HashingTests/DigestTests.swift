import Foundation
import Hashing
import Testing

@Suite("Digest")
struct DigestTests {
    @Test("SHA-256 of the standard's example (FIPS 180-4)")
    func hashes() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Digest.sha256(Data("abc".utf8)).hexadecimal == expected)
    }

    @Test("HMAC-SHA-256 of RFC 4231, test case 2")
    func authenticates() {
        let code = Digest.hmacSHA256(key: Data("Jefe".utf8), Data("what do ya want for nothing?".utf8))
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        #expect(code.hexadecimal == expected)
    }

    @Test(
        "Comparison tells equal from unequal",
        arguments: [("a", "a", true), ("a", "b", false), ("a", "ab", false)]
    )
    func compares(first: String, second: String, isEqual: Bool) {
        #expect(Digest.isEqual(Data(first.utf8), Data(second.utf8)) == isEqual)
    }
}
