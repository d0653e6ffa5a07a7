import Foundation
import HTTPService
import Jobs
import TestBackends
import Testing

@Suite("The site's API")
struct SiteRoutesTests {
    private static let edu = "edu:geheim:ñ"

    @Test("Anybody is greeted, and who signs in by name", arguments: ["", "/"])
    func greets(slash: String) async throws {
        try await SiteHouse.open { house in
            #expect(try await house.get("/").text == #"{"hello":"world"}"#)
            let answer = try await house.get("/hello" + slash, user: Self.edu)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.text == #"{"hello":"edu","context":{"is_admin":true,"principalId":"edu"}}"#)
        }
    }

    @Test(
        "Who does not say who they are gets 401, and who lies 403, as ever",
        arguments: ["/hello", "/videos?mail=a"]
    )
    func authenticates(path: String) async throws {
        try await SiteHouse.open { house in
            for header in [nil, "Basic", "Basic %%%", "Basic ZWR1", "Bearer abc", "Basic \u{fffd}"]
                as [String?]
            {
                let answer = try await house.get(path, headers: header.map { [("Authorization", $0)] } ?? [])
                #expect(answer.status == 401, "\(header ?? "none")")
                #expect(answer.text == #"{"message":"Unauthorized"}"#)
                #expect(answer.headers["www-authenticate"]?.hasPrefix("Basic ") == true)
            }
            for user in ["edu:wrong", "nobody:geheim:ñ", "edu:edu", ":", "edu:"] {
                let answer = try await house.get(path, user: user)
                #expect(answer.status == 403, "\(user)")
                #expect(answer.text == #"{"Message":"User is not authorized to access this resource"}"#)
            }
        }
    }

    @Test("A form for an upload is made after the record of it was written", arguments: ["", "/"])
    func presigns(slash: String) async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/presignedurl/testProject/007\(slash)?mail=eduard@orkei.com")
            #expect(answer.status == 200)
            let form = try #require(try answer.json() as? [String: Any])
            let fields = try #require(form["fields"] as? [String: String])
            let key = "testProject/7/e78b913d3d3d5eb5162a.webm"
            #expect(form["url"] as? String == "\(house.address)/media")
            #expect(fields["key"] == key)
            #expect(
                Set(fields.keys) == [
                    "key", "Content-Type", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy",
                    "x-amz-signature",
                ]
            )
            Self.expectCORS(answer)
            let record = await house.backend.metadata.record(
                projectStep: "testProject-7",
                mail: "eduard@orkei.com"
            )
            #expect(record?.video == key)
            #expect(record?.transcoding == nil)
        }
    }

    private static func expectCORS(_ answer: Answer) {
        #expect(answer.headers["access-control-allow-origin"] == "*")
        #expect(answer.headers["access-control-allow-methods"] == "GET,OPTIONS")
        #expect(
            answer.headers["access-control-allow-headers"]
                == "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key"
        )
    }

    @Test("A browser may ask before it asks for a form")
    func preflight() async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/presignedurl/a/0", method: "OPTIONS")
            #expect(answer.status == 200)
            Self.expectCORS(answer)
            #expect(try await house.get("/").headers["access-control-allow-origin"] == nil)
        }
    }

    @Test("The policy of a form lasts an hour and bounds key, length and type")
    func policy() async throws {
        let now = Date(timeIntervalSince1970: 1_769_903_999)
        try await SiteHouse.open(now: { now }) { house in
            let form = try await house.get("/presignedurl/P/1?mail=a").json() as? [String: Any]
            let fields = form?["fields"] as? [String: String]
            let data = try #require(Data(base64Encoded: fields?["policy"] ?? ""))
            let policy = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(policy["expiration"] as? String == "2026-02-01T00:59:59Z")
            let conditions = (policy["conditions"] as? [Any] ?? []).map { "\($0)" }.joined()
            for word in ["content-length-range", "5368709120", "$Content-Type", "video/", "bucket"] {
                #expect(conditions.contains(word), "\(word)")
            }
        }
    }

    @Test("With unguessable keys no two uploads have the same one, and the record knows the last")
    func unguessable() async throws {
        let settings = SiteSettings(bucket: SiteHouse.bucket, unguessableKeys: true)
        try await SiteHouse.open(settings: settings) { house in
            var keys: Set<String> = []
            var last = ""
            for _ in 0..<3 {
                let form = try await house.get("/presignedurl/P/1?mail=a").json() as? [String: Any]
                last = (form?["fields"] as? [String: String])?["key"] ?? ""
                #expect(last.wholeMatch(of: #/P/1/[0-9a-f]{20}-[0-9a-f]{32}\.webm/#) != nil, "\(last)")
                keys.insert(last)
            }
            #expect(keys.count == 3)
            #expect(await house.backend.metadata.record(projectStep: "P-1", mail: "a")?.video == last)
        }
    }

    @Test("A finished record keeps what was transcoded when its upload is announced again")
    func keepsFinished() async throws {
        try await SiteHouse.open { house in
            var record = VideoRecord(projectStep: "P-1", mail: "a", video: "P/1/old.webm")
            record.transcoding = VideoTranscoding(status: .complete, jobId: "j", sequencer: "01")
            #expect(await house.backend.metadata.write(record))
            let answer = try await house.get("/presignedurl/P/1?mail=a")
            #expect(answer.status == 200)
            let stored = await house.backend.metadata.record(projectStep: "P-1", mail: "a")
            #expect(stored?.transcoding == record.transcoding)
        }
    }

    @Test(
        "Without a parameter or a mail the answer is 404 in the site's words",
        arguments: ["/presignedurl/P/1", "/videos"]
    )
    func missingMail(path: String) async throws {
        try await SiteHouse.open { house in
            for (query, message) in [
                ("", "No parameter has been sent"), ("?", "No parameter has been sent"),
                ("?mail=", "mail is empty"), ("?mail", "mail is empty"), ("?project=a", "mail is empty"),
                ("?mail=a&mail=", "mail is empty"),
            ] {
                let answer = try await house.get(path + query, user: Self.edu)
                #expect(answer.status == 404)
                #expect(answer.text == #"{"Code":"NotFoundError","Message":"\#(message)"}"#, "\(query)")
            }
        }
    }

    @Test(
        "Whatever project, step and mail are, the answer is a form or 400, never a fault",
        arguments: [
            ("..", "0", "a", 400), (".", "0", "a", 400), ("%2e%2e", "0", "a", 400), ("a%2Fb", "0", "a", 400),
            ("%00", "0", "a", 400), ("a%0Ab", "0", "a", 400), ("%3Cscript%3E", "0", "a", 400),
            ("%", "0", "a", 400),
            ("%ff", "0", "a", 400), ("output", "0", "a", 400), ("a", "9223372036854775808", "a", 400),
            ("a", "0", "%00", 400), ("a", "0", "key:x", 400), ("a", "abc", "a", 200), ("a", "-1", "a", 200),
            ("a", "%20", "a", 200), ("status", "0", "name", 200),
            ("a", "0", "%3Cscript%3Ealert(1)%3C/script%3E", 200),
            ("a", "0", "%F0%9F%98%80", 200), ("a", "0", "%ff", 200),
            (String(repeating: "x", count: 10_000), "0", "a", 400),
            ("a", String(repeating: "9", count: 10_000), "a", 400),
            ("a", "0", String(repeating: "x", count: 10_000), 400),
        ]
    )
    func fuzz(project: String, step: String, mail: String, status: Int) async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/presignedurl/\(project)/\(step)?mail=\(mail)")
            #expect(answer.status == status, "\(answer.text)")
            if status == 400 {
                let error = try answer.json() as? [String: String]
                #expect(error?["Code"] == "BadRequestError")
                Self.expectCORS(answer)
            }
        }
    }

    @Test("Only the mail's own videos are listed, with all that is known of them")
    func lists() async throws {
        try await SiteHouse.open { house in
            let store = house.backend.metadata
            for (project, mail) in [
                ("Alba-0", "a b"), ("Alba-1", "a b"), ("Bolt-0", "a b"), ("Alba-0", "A B"),
            ] {
                await store.announce(
                    VideoRecord(projectStep: project, mail: mail, video: "\(project)/\(mail)")
                )
            }
            var record = VideoRecord(projectStep: "Alba-1", mail: "a b", video: "Alba-1/a b")
            var transcoding = VideoTranscoding(status: .complete, jobId: "17-abc", sequencer: "01")
            transcoding.outputKey = "output/web/</script>\"\u{1}"
            transcoding.sizeOut = 9_007_199_254_740_993
            transcoding.ssim = 0.5
            record.transcoding = transcoding
            #expect(await store.write(record))
            let answer = try await house.get("/videos?mail=a+b", user: Self.edu)
            #expect(answer.status == 200)
            let videos = try #require(try answer.json() as? [[String: Any]])
            #expect(videos.map { $0["ProjectStep"] as? String } == ["Alba-0", "Alba-1", "Bolt-0"])
            #expect(
                videos[0] as? [String: String] == [
                    "ProjectStep": "Alba-0", "Mail": "a b", "video": "Alba-0/a b",
                ]
            )
            #expect(videos[1]["status"] as? String == "Complete")
            #expect(videos[1]["outputKey"] as? String == transcoding.outputKey)
            #expect(videos[1]["sizeOut"] as? Int64 == transcoding.sizeOut)
            #expect(videos[1]["ssim"] as? Double == 0.5)
            for (query, count) in [
                ("project=Alba&step=1", 1), ("project=Alba&step=01", 1), ("project=Alba&step=2", 0),
                ("project=Alba", 2), ("step=0", 2), ("project=Al", 0), ("step=99999999999999999999", 400),
            ] {
                let answer = try await house.get("/videos/?mail=a%20b&\(query)", user: Self.edu)
                let found = try answer.json() as? [Any]
                #expect(found?.count ?? answer.status == count, "\(query)")
            }
        }
    }

    @Test("A long list comes in pages, each of which says where the next one is")
    func pages() async throws {
        try await SiteHouse.open { house in
            for step in 0..<25 {
                let record = VideoRecord(projectStep: "Ä b-\(step)", mail: "é&=", video: "\(step)")
                await house.backend.metadata.announce(record)
            }
            var path: String? = "/videos?mail=%C3%A9%26%3D&limit=10&project=%C3%84+b"
            var found: [String] = []
            while let current = path, found.count < 100 {
                let answer = try await house.get(current, user: Self.edu)
                let videos = try #require(try answer.json() as? [[String: String]], "\(answer.text)")
                #expect(videos.count <= 10)
                found += videos.compactMap { $0["video"] }
                #expect((answer.headers["x-next"] == nil) == (answer.headers["link"] == nil))
                path = answer.headers["link"]?.firstMatch(of: #/<(.*)>; rel="next"/#).map { String($0.1) }
            }
            #expect(found.sorted() == (0..<25).map(String.init).sorted())
            for wrong in ["limit=0", "limit=101", "limit=x", "next=%25"] {
                #expect(
                    try await house.get("/videos?mail=a&\(wrong)", user: Self.edu).status == 400,
                    "\(wrong)"
                )
            }
        }
    }

    @Test(
        "A storage that fails is 503 with advice, and its words stay inside",
        arguments: [BackendError.Code.unavailable, .throttled, .denied, .notFound]
    )
    func storageFails(code: BackendError.Code) async throws {
        let plan = FaultPlan(error: BackendError(code, "secret detail")) { _ in .before }
        try await SiteHouse.open(store: { FaultInjectingMetadataStore($0, plan) }) { house in
            for path in ["/videos?mail=a", "/presignedurl/a/0?mail=a"] {
                let answer = try await house.get(path, user: Self.edu)
                #expect(answer.status == 503)
                #expect(!answer.text.contains("secret"))
                #expect(answer.headers["retry-after"] == "1")
            }
        }
    }
}
