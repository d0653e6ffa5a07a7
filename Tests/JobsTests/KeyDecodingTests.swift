import Foundation
import TestMedia
import Testing

@testable import Jobs

@Suite("Keys in events")
struct KeyDecodingTests {
    @Test(
        "Form encoding is undone: + is a blank, %XX a byte of UTF-8",
        arguments: [
            ("dir+a/%C3%B1%2Bb.mp4", "dir a/ñ+b.mp4"), ("dir%2Fa", "dir/a"), ("%25", "%"), ("%e2%82%ac", "€"),
            ("plain-_.~*", "plain-_.~*"), ("a%252F", "a%2F"), ("", ""), ("ñ", "ñ"), ("%00", "\0"),
        ]
    )
    func decodesForms(encoded: String, key: String) {
        #expect(KeyDecoding.form.decode(encoded).map { Array($0.utf8) } == Array(key.utf8))
    }

    @Test(
        "A broken encoding is refused, never guessed",
        arguments: ["%", "a%", "%4", "%G1", "%1G", "%%41", "%C3", "%C3%28", "%FF", "%ED%A0%80", "%+1", "%é"]
    )
    func refusesBroken(encoded: String) {
        #expect(KeyDecoding.form.decode(encoded) == nil)
    }

    @Test("Ceph and EventBridge spell keys as they are", arguments: ["a+b%2F.mp4", "%", "ñ b"])
    func keepsRaw(key: String) {
        #expect(KeyDecoding.raw.decode(key) == key)
        #expect(KeyDecoding.ofRecords(from: "ceph:s3") == .raw)
        #expect(KeyDecoding.ofRecords(from: "minio:s3") == .form)
        #expect(KeyDecoding.ofRecords(from: nil) == .form)
    }

    @Test("Python's quote_plus and our decoding are inverses for any text")
    func invertsPython() throws {
        let script = """
            import random, sys, urllib.parse
            random.seed(7)
            pool = "ab/+% .~é€😀\\u0301\\r\\n&=#?:;,@!'()*[]"
            for _ in range(300):
                text = "".join(random.choice(pool) for _ in range(random.randint(1, 30)))
                print(text.encode().hex(), urllib.parse.quote_plus(text, safe=random.choice(["", "/"])))
            """
        let output = String(decoding: try Tool("python3").output(["-c", script]), as: UTF8.self)
        let lines = output.split(separator: "\n")
        #expect(lines.count == 300)
        for line in lines {
            let words = line.split(separator: " ")
            let key = KeyDecoding.form.decode(String(words[1]))
            #expect(key?.utf8.map { String(format: "%02x", $0) }.joined() == String(words[0]))
        }
    }
}
