import Hashing
import Testing

@Suite("SHA256")
struct SHA256Tests {
    @Test(
        "The standard's example of two blocks (FIPS 180-4), in pieces of any size",
        arguments: [1, 7, 55, 56]
    )
    func hashesPieces(size: Int) {
        let bytes = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        var hash = SHA256()
        for start in stride(from: 0, to: bytes.count, by: size) {
            bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { hash.add($0) }
        }
        hash.add(UnsafeRawBufferPointer(start: nil, count: 0))
        let expected = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        #expect(hash.finish() == expected)
    }

    @Test("The hash of nothing")
    func hashesNothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(SHA256().finish() == expected)
    }
}
