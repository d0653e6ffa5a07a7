import Foundation
import HTTPService
import Testing

@Suite("Forms with a file")
struct MultipartFormTests {
    /// What a form holds, its file put together.
    private struct Content: Equatable {
        var fields: [String] = []
        var fileName: String?
        var file: [UInt8] = []
        var isWhole = false
    }

    private static func read(_ pieces: [[UInt8]], boundary: String = "X") throws -> Content {
        let type = "multipart/form-data; boundary=\(boundary)"
        var form = try #require(MultipartForm(contentType: type))
        var content = Content()
        for piece in pieces {
            form.take(piece)
            while let event = try form.next() {
                switch event {
                case .field(let name, let value): content.fields.append("\(name)=\(value)")
                case .file(let name): content.fileName = name
                case .bytes(let bytes): content.file += bytes
                case .end: content.isWhole = true
                }
            }
        }
        try form.finish()
        return content
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func part(_ disposition: String, _ value: String, headers: String = "") -> String {
        "Content-Disposition: form-data; \(disposition)\r\n\(headers)\r\n\(value)\r\n--X"
    }

    private static let tricky = "\r\n--\r\n--\r\n\r\n-\r\r\n--Y\r\n-"
    private static let form =
        "--X\r\n" + part("name=\"key\"", "a/b") + "\r\n" + part("name=empty", "") + " \t\r\n"
        + part("name=\"two\"", "line\r\nline\r\n", headers: "Content-Type: text/plain\r\n") + "\r\n"
        + part("name=\"file\"; filename=\"clip.webm\"", tricky, headers: "Content-Type: video/webm\r\n")
        + "--\r\n"

    @Test("A form is the same wherever it is cut into pieces")
    func splits() throws {
        let whole = Self.bytes(Self.form)
        let expected = Content(
            fields: ["key=a/b", "empty=", "two=line\r\nline\r\n"],
            fileName: "clip.webm",
            file: Self.bytes(Self.tricky),
            isWhole: true
        )
        for cut in 0...whole.count {
            let content = try Self.read([Array(whole[..<cut]), Array(whole[cut...])])
            #expect(content == expected, "cut at \(cut)")
        }
        #expect(try Self.read(whole.map { [$0] }) == expected)
    }

    @Test("What stands before the first part and behind the file is not looked at")
    func ignoresSurroundings() throws {
        let text = "preamble\r\n--Xtra\r\n" + Self.form
        #expect(throws: MultipartForm.Fault.malformed) { try Self.read([Self.bytes(text)]) }
        let clean = "This is a form.\r\n" + Self.form + "epilogue\r\n--X\r\nnonsense"
        #expect(try Self.read([Self.bytes(clean)]).isWhole)
    }

    @Test("An empty file is a file")
    func emptyFile() throws {
        let text = "--X\r\n" + Self.part("name=\"file\"; filename=\"\"", "") + "--\r\n"
        let content = try Self.read([Self.bytes(text)])
        #expect(content == Content(fileName: "", isWhole: true))
        #expect(try Self.read(Self.bytes(text).map { [$0] }) == content)
    }

    @Test("A part may come without the line break of an empty body, as some programs send it")
    func missingBreak() throws {
        let text =
            "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--X\r\n"
            + Self.part("name=\"file\"; filename=\"f\"", "x") + "--"
        #expect(try Self.read([Self.bytes(text)]).fields == ["a="])
    }

    @Test(
        "A form that breaks off, has no file or has parts without a name is malformed",
        arguments: [
            "", "--X", "--X--\r\n", "--X\r\n\r\nx\r\n--X--", "no form at all",
            "--X\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc",
            "--X\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc\r\n--",
            "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--X--\r\n",
            "--X\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nabc\r\n--X--\r\n",
            "--X\r\nContent-Type: text/plain\r\n\r\nabc\r\n--X--\r\n",
            "--X\r\nno header\r\n\r\nabc\r\n--X--\r\n",
        ]
    )
    func malformed(text: String) {
        #expect(throws: MultipartForm.Fault.malformed) { try Self.read([Self.bytes(text)]) }
    }

    @Test("Text that is not UTF-8 is malformed")
    func notUTF8() {
        let text =
            Self.bytes("--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n") + [0xFF, 0xFE]
            + Self.bytes("\r\n--X\r\n")
        #expect(throws: MultipartForm.Fault.malformed) { try Self.read([text]) }
    }

    @Test(
        "All but the file may have 20 KiB: long headers, long values, many fields, long preambles are too much"
    )
    func bounds() throws {
        let long = String(repeating: "y", count: 21_000)
        let few =
            "--X\r\n" + Self.part("name=\"a\"", "", headers: "X-Long: \(long.prefix(10_000))\r\n") + "\r\n"
        let file = Self.part("name=\"file\"; filename=\"f\"", long + long) + "--"
        #expect(try Self.read([Self.bytes(few + file)]).file.count == 42_000)
        let many = (0..<1000).map { Self.part("name=\"n\($0)\"", "v") + "\r\n" }.joined()
        let tooLong = [
            "--X\r\n" + Self.part("name=\"a\"", "", headers: "X-Long: \(long)\r\n"),
            "--X\r\n" + Self.part("name=\"a\"", long), "--X\r\n" + many, long + long,
            "--X" + String(repeating: " ", count: 21_000),
        ]
        for text in tooLong {
            #expect(throws: MultipartForm.Fault.tooLong) { try Self.read([Self.bytes(text)]) }
            #expect(throws: MultipartForm.Fault.tooLong) {
                var form = try #require(MultipartForm(contentType: "multipart/form-data; boundary=X"))
                for piece in Self.bytes(text) {
                    form.take([piece])
                    while try form.next() != nil {}
                }
            }
        }
    }

    @Test(
        "Names are read as browsers and programs write them",
        arguments: [
            (#"name="file"; filename="a \"b\" c.webm""#, #"a "b" c.webm"#),
            (#"name="file"; filename="a %22b%22.webm""#, #"a "b".webm"#),
            (#"name="file"; filename="C:\videos\a.webm""#, #"C:\videos\a.webm"#),
            (#"filename=plain.webm; name=file"#, "plain.webm"),
            (#"name="file"; filename="é; x=y.webm""#, "é; x=y.webm"),
            (#"name="FILE";filename="a.webm""#, "a.webm"), (#"name="file""#, ""),
        ]
    )
    func names(disposition: String, name: String) throws {
        let text = "--X\r\n" + Self.part(disposition, "x") + "--"
        #expect(try Self.read([Self.bytes(text)]).fileName == name)
    }

    @Test(
        "A boundary may be quoted, and must be one",
        arguments: [
            ("multipart/form-data; boundary=X", true),
            ("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"", true),
            ("multipart/form-data", false), ("multipart/mixed; boundary=X", false), ("", false),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), false),
            ("multipart/form-data; boundary=\"\"", false),
        ]
    )
    func boundaries(type: String, isForm: Bool) {
        #expect((MultipartForm(contentType: type) != nil) == isForm)
    }
}
