import Foundation
import Testing

@testable import HTTPService

@Suite("The page and its forms")
struct PageRoutesTests {
    private static let edu = "edu:geheim:ñ"

    @Test(
        "Each of the page's files is served, and not sent again while it stays the same",
        arguments: [
            ("/app", "text/html; charset=utf-8"), ("/app/", "text/html; charset=utf-8"),
            ("/app/app.css", "text/css; charset=utf-8"), ("/app/app.js", "text/javascript; charset=utf-8"),
        ]
    )
    func serves(path: String, type: String) async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get(path)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == type)
            #expect(answer.headers["cache-control"] == "no-cache")
            #expect(!answer.body.isEmpty)
            let eTag = try #require(answer.headers["etag"])
            let again = try await house.get(path, headers: [("If-None-Match", "\"x\", \(eTag)")])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(try await house.get(path, headers: [("If-None-Match", "\"x\"")]).status == 200)
        }
    }

    @Test("The page runs its own program alone, in nobody's frame, and speaks to the service and the bucket")
    func policy() async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/app")
            let policy = try #require(answer.headers["content-security-policy"])
            let rules = policy.components(separatedBy: "; ")
            #expect(
                rules == [
                    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
                    "media-src 'self'", "connect-src 'self' https://media.example.com:8443",
                    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
                ]
            )
            // Neither is in the document, so neither is needed in the policy.
            #expect(!answer.text.contains(" style="))
            #expect(answer.text.firstMatch(of: #/<script(?! src="/app/)|\son[a-z]+=/#) == nil)
        }
    }

    private static func ask(_ house: SiteHouse, _ body: String, header: Bool = true) async throws -> Answer {
        try await house.get(
            "/api/uploads",
            user: edu,
            method: "POST",
            headers: header ? [("X-Recast", "1")] : [],
            body: body
        )
    }

    @Test("A form is for one file of one length, under a key of its own")
    func form() async throws {
        try await SiteHouse.open { house in
            let question = #"{"name":"clip.mp4","type":"video/mp4","size":1000}"#
            let answer = try await Self.ask(house, question)
            let form = try #require(try answer.json() as? [String: Any], "\(answer.text)")
            let key = try #require(form["key"] as? String)
            let fields = try #require(form["fields"] as? [String: String])
            #expect(key.wholeMatch(of: #/uploads/0/[0-9a-f]{12}/clip\.mp4/#) != nil)
            #expect(fields["key"] == key)
            #expect(fields["Content-Type"] == "video/mp4")
            let other = try await Self.ask(house, question).json() as? [String: Any]
            #expect(other?["key"] as? String != key)
            let post = PostCase(url: form["url"] as? String ?? "", fields: fields)
            var longer = post
            longer.size = 1001
            var shorter = post
            shorter.size = 999
            #expect(try await PostCase.send([post, longer, shorter]).map(\.status) == [204, 403, 400])
        }
    }

    @Test("Who is not signed in, or comes from another site's page, gets no form")
    func refusesStrangers() async throws {
        try await SiteHouse.open { house in
            let question = #"{"name":"clip.mp4","size":1000}"#
            let headers = [(name: "X-Recast", value: "1")]
            let nobody = try await house.get("/api/uploads", method: "POST", headers: headers, body: question)
            #expect(nobody.status == 401)
            #expect(try await Self.ask(house, question, header: false).status == 403)
            let foreign = try await house.get(
                "/api/uploads",
                user: Self.edu,
                method: "POST",
                headers: headers + [("Origin", "https://evil.example.com")],
                body: question
            )
            #expect(foreign.status == 403)
        }
    }

    @Test("Too large a file is refused with its size and the largest that is allowed, in words")
    func refusesLarge() async throws {
        try await SiteHouse.open { house in
            let answer = try await Self.ask(house, #"{"name":"a","size":99999999999}"#)
            #expect(answer.status == 400)
            #expect(answer.text.contains("it has 100.0 GB, and 5.4 GB are allowed."), "\(answer.text)")
        }
    }

    @Test(
        "Bytes are told in the unit that fits",
        arguments: [
            (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
            (5_368_709_120, "5.4 GB"), (Int64.max, "9.2 EB"),
        ]
    )
    func tellsSizes(byteCount: Int64, words: String) {
        #expect(UploadFormRoutes.words(byteCount) == words)
    }

    @Test(
        "A question that is none is 400",
        arguments: [
            "", "[]", "{}", #"{"name":"a"}"#, #"{"name":"a","size":0}"#, #"{"name":"a","size":-1}"#,
            #"{"name":"a","size":1e300}"#, #"{"name":"a","size":99999999999}"#, #"{"name":1,"size":1}"#,
        ]
    )
    func refusesQuestions(body: String) async throws {
        try await SiteHouse.open { house in
            let answer = try await Self.ask(house, body)
            #expect(answer.status == 400)
        }
    }

    @Test(
        "The file's name becomes a safe end of the key",
        arguments: [
            ("a b é😀.mp4", "a b é😀.mp4"), ("../../etc/passwd", "passwd"), ("C:\\\\videos\\\\x.mov", "x.mov"),
            ("<script>.mp4", "_script_.mp4"), ("${filename}", "__filename_"), ("..", "video"), ("", "video"),
            ("a\\u0000\\nb.mp4", "ab.mp4"),
        ]
    )
    func names(name: String, end: String) async throws {
        try await SiteHouse.open { house in
            let answer = try await Self.ask(house, #"{"name":"\#(name)","size":5}"#)
            let form = try answer.json() as? [String: Any]
            #expect((form?["key"] as? String)?.dropFirst(23) == end[...], "\(answer.text)")
        }
    }

    @Test("A long name keeps its extension")
    func longName() async throws {
        try await SiteHouse.open { house in
            let name = String(repeating: "ä", count: 5000) + ".webm"
            let form = try await Self.ask(house, #"{"name":"\#(name)","size":5}"#).json() as? [String: Any]
            let key = try #require(form?["key"] as? String)
            #expect(key.utf8.count <= 200 && key.hasSuffix("ä.webm"))
        }
    }
}
