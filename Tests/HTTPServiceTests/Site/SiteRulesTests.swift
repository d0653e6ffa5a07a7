import Foundation
import HTTPService
import TestMedia
import Testing

/// Python's own functions, asked with JSON.
enum PythonOracle {
    static func ask<Answer: Decodable>(_ source: String, _ question: some Encodable) throws -> Answer {
        let workspace = try Workspace()
        let file = workspace.url("question.json")
        try JSONEncoder().encode(question).write(to: file)
        let program = "import json, sys\nquestion = json.load(open(sys.argv[1]))\n\(source)"
        let output = try Tool("/usr/bin/python3").output(["-c", program, file.path])
        return try JSONDecoder().decode(Answer.self, from: output)
    }
}

@Suite("BLAKE2b")
struct BLAKE2bTests {
    @Test("Digests of all sizes are hashlib's, for inputs around the block size and long ones")
    func matchesHashlib() throws {
        let sizes = [1, 10, 20, 32, 48, 63, 64]
        let lengths = [0, 1, 3, 10, 127, 128, 129, 255, 256, 257, 1000, 65_536]
        let source = """
            import hashlib
            data = lambda n: bytes((i * 7 + 3) % 256 for i in range(n))
            print(json.dumps([hashlib.blake2b(data(n), digest_size=s).hexdigest() for n, s in question]))
            """
        let cases = lengths.flatMap { length in sizes.map { [length, $0] } }
        let expected: [String] = try PythonOracle.ask(source, cases)
        for (pair, digest) in zip(cases, expected) {
            let data = Data((0..<pair[0]).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) })
            let own = BLAKE2b.hash(data, byteCount: pair[1]).map { String(format: "%02x", $0) }.joined()
            #expect(own == digest, "\(pair)")
        }
    }
}

@Suite("The site's addresses")
struct VideoAddressTests {
    @Test(
        "A key has the digest of the mail that the site's clients know",
        arguments: [
            ("eduard@orkei.com", "e78b913d3d3d5eb5162a"), ("Eduard@Orkei.com", "837c23d3d9c2afaca913"),
            ("a+b@x.com", "bf89a160207107cd6718"), ("josé@exämple.com", "562573c98489aa60585c"),
        ]
    )
    func key(mail: String, digest: String) throws {
        let address = try VideoAddress(project: "testProject", step: "0", mail: mail)
        #expect(address.objectKey() == "testProject/0/\(digest).webm")
        #expect(address.objectKey(salt: "abc") == "testProject/0/\(digest)-abc.webm")
        #expect(address.projectStep == "testProject-0")
    }

    @Test("Steps are what Python's int() makes of them, and 0 when it makes nothing")
    func steps() throws {
        let texts = [
            "0", "7", "007", "-3", "+5", "-0", " 12 ", "\t4\n", "1_000", "1__0", "_1", "1_", "abc", "1.5", "",
            " ", "-", "--1", "+-1", "0x10", "1e3", "٣٤", "１２", "²", "½", "9223372036854775807",
            "-9223372036854775808", "1 2", "\u{A0}8\u{2003}", "9\u{0}",
        ]
        let source = """
            def step(text):
                try: return int(text)
                except ValueError: return 0
            print(json.dumps([step(text) for text in question]))
            """
        let expected: [Int] = try PythonOracle.ask(source, texts)
        for (text, step) in zip(texts, expected) {
            #expect(SiteStep.parse(text) == step, "\(text.debugDescription)")
        }
    }

    @Test(
        "A step that no record can hold is refused",
        arguments: [
            "9223372036854775808", "-9223372036854775809", String(repeating: "9", count: 5000),
        ]
    )
    func refusesStep(text: String) {
        #expect(SiteStep.parse(text) == nil)
        #expect(throws: VideoAddress.Refusal.self) {
            try VideoAddress(project: "a", step: text, mail: "a@b")
        }
    }

    @Test(
        "A project that would be no plain folder is refused",
        arguments: [
            "", ".", "..", "a/b", "a\\b", "<script>", "a\u{0}b", "a\nb", "${filename}",
            String(repeating: "x", count: 201), String(repeating: "x", count: 10_000), "a\u{2028}b",
        ]
    )
    func refusesProject(project: String) {
        #expect(throws: VideoAddress.Refusal.self) {
            try VideoAddress(project: project, step: "0", mail: "a@b")
        }
    }

    @Test(
        "A mail that could not be a table's key, or would be taken for an object key, is refused",
        arguments: [String(repeating: "x", count: 1025), "a\u{0}", "key:a/0/b.webm"]
    )
    func refusesMail(mail: String) {
        #expect(throws: VideoAddress.Refusal.self) { try VideoAddress(project: "a", step: "0", mail: mail) }
    }

    @Test(
        "Names of all scripts, blanks and dots are projects",
        arguments: ["Alba", "mein Projekt", "é.€", "..a"]
    )
    func takesProject(project: String) throws {
        let address = try VideoAddress(project: project, step: "-3", mail: "a@b")
        #expect(address.projectStep == "\(project)--3")
    }
}

@Suite("Queries as forms")
struct FormQueryTests {
    @Test("A query is read as Python reads it, and of a repeated name the last value counts")
    func matchesPython() throws {
        let queries = [
            "mail=a%40b.c", "mail=a+b@x", "mail=a%2Bb", "mail=", "mail", "mail=a&mail=b", "a=1&&b=2", "=x",
            "mail=%", "mail=%4", "mail=%zz", "mail=%C3%A9", "mail=%ff", "m%61il=x", "a=b=c", "&",
            "mail=a;b=c",
        ]
        let source = """
            from urllib.parse import parse_qsl
            print(json.dumps([dict(parse_qsl(q, keep_blank_values=True)) for q in question]))
            """
        let expected: [[String: String]] = try PythonOracle.ask(source, queries)
        for (query, values) in zip(queries, expected) {
            let own = FormQuery(query)
            for (name, value) in values { #expect(own[name] == value, "\(query): \(name)") }
            #expect(own.isEmpty == values.isEmpty, "\(query)")
        }
    }
}
