import Testing

@testable import Transcoding

@Suite("Bytes that a container promises")
struct BytePromiseTests {
    private func riff(_ size: UInt32) -> [UInt8] {
        Array("RIFF".utf8) + withUnsafeBytes(of: size.littleEndian) { Array($0) } + Array("AVI ".utf8)
    }

    @Test("A RIFF file that is shorter than it says lacks the difference")
    func riff() {
        #expect(BytePromise.missing(head: riff(992), byteCount: 1000, container: "avi") == 0)
        #expect(BytePromise.missing(head: riff(992), byteCount: 900, container: "avi") == 100)
        #expect(BytePromise.missing(head: riff(0), byteCount: 900, container: "wav") == 0)
        #expect(BytePromise.missing(head: riff(.max), byteCount: 900, container: "wav") == 0)
        #expect(BytePromise.missing(head: [], byteCount: 900, container: "avi") == 0)
    }

    @Test("A transport stream consists of whole packets", arguments: [(188, 0), (192, 4), (204, 0)])
    func transportStream(length: Int, offset: Int) {
        var head = [UInt8](repeating: 0, count: 1024)
        for start in stride(from: offset, to: head.count, by: length) { head[start] = 0x47 }
        let whole = Int64(length * 40)
        #expect(BytePromise.missing(head: head, byteCount: whole, container: "mpegts") == 0)
        #expect(BytePromise.missing(head: head, byteCount: whole - 1, container: "mpegts") == 1)
    }
}
