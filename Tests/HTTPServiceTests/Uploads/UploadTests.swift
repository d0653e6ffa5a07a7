import AWSSignature
import Foundation
import HTTPService
import Jobs
import Synchronization
import TestBackends
import TestMedia
import TestServers
import Testing

/// A script that did not do what a test needs of it.
struct ScriptFailure: Error { let description: String }

/// One form posted by Python's `requests`.
struct PostCase: Encodable {
    var url: String
    var fields: [String: String]
    var size = 1000
    var filename = "clip.webm"
    var set: [String: String] = [:]
    var unset: [String] = []
    /// Signs anew with this secret.
    var secret: String?

    struct Answer: Sendable {
        let status: Int
        let text: String
        let headers: [String: String]

        /// The code of an error in S3's form.
        var code: String? { text.firstMatch(of: #/<Code>(\w+)</Code>/#).map { String($0.1) } }
    }

    static func send(_ cases: [PostCase]) async throws -> [Answer] {
        let workspace = try Workspace()
        let file = workspace.url("cases.json")
        try JSONEncoder().encode(cases).write(to: file)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "post.py"
        )
        let result = try await TestServers.Python.run(script.path, [file.path])
        guard let answers = try? JSONSerialization.jsonObject(with: result.output) as? [[Any]] else {
            throw ScriptFailure(description: result.errorText)
        }
        return answers.map { answer in
            Answer(
                status: answer[0] as? Int ?? 0,
                text: answer[1] as? String ?? "",
                headers: answer[2] as? [String: String] ?? [:]
            )
        }
    }
}

@Suite("Uploads by form")
struct UploadTests {
    private static let key = "uploads/0/clip.webm"

    private static func policy(
        key: PostPolicy.Rule = .equals(key),
        fields: [String: String] = [:],
        expires: TimeInterval = 3600
    ) -> PostPolicy {
        PostPolicy(
            bucket: SiteHouse.bucket,
            key: key,
            byteCount: 1...100_000,
            contentType: .startsWith("video/"),
            fields: fields,
            expires: Date().addingTimeInterval(expires)
        )
    }

    private static func form(_ policy: PostPolicy, _ house: SiteHouse) async throws -> PostCase {
        let form = try await house.forms.form(for: policy, origin: house.address)
        var fields = Dictionary(form.fields.map { ($0.name, $0.value) }) { $1 }
        fields["Content-Type"] = "video/webm"
        return PostCase(url: form.url, fields: fields)
    }

    @Test("What a form allows is stored, announced and answered with 204")
    func stores() async throws {
        try await SiteHouse.open { house in
            let answer = try await PostCase.send([try await Self.form(Self.policy(), house)])[0]
            #expect(answer.status == 204, "\(answer.text)")
            let location = ObjectLocation(bucket: SiteHouse.bucket, key: Self.key)
            let info = try await house.backend.objects.head(location)
            #expect(info.byteCount == 1000)
            #expect(info.contentType == "video/webm")
            #expect(answer.headers["ETag"] == "\"\(info.eTag)\"")
            #expect(answer.headers["Access-Control-Allow-Origin"] == "*")
            #expect(house.announced.all == ["media/\(Self.key)"])
        }
    }

    @Test("The form that the site's clients are given takes their upload as it is")
    func takesSiteForm() async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/presignedurl/testProject/0?mail=eduard@orkei.com").json()
            let form = try #require(answer as? [String: Any])
            let post = PostCase(
                url: form["url"] as? String ?? "",
                fields: form["fields"] as? [String: String] ?? [:]
            )
            var other = post
            other.set = ["Content-Type": "video/mp4"]
            #expect(try await PostCase.send([post, other]).map(\.status) == [204, 204])
            #expect(house.announced.all.allSatisfy { $0 == "media/testProject/0/e78b913d3d3d5eb5162a.webm" })
        }
    }

    @Test("Over size, wrong key, wrong type, public ACL and too late are 403, and leave nothing")
    func enforcesPolicy() async throws {
        try await SiteHouse.open { house in
            let good = try await Self.form(Self.policy(), house)
            var tooLarge = good
            tooLarge.size = 100_001
            var empty = good
            empty.size = 0
            var wrongKey = good
            wrongKey.set = ["key": "uploads/0/other.webm"]
            var wrongType = good
            wrongType.set = ["Content-Type": "text/html"]
            var noType = good
            noType.unset = ["Content-Type"]
            var acl = good
            acl.set = ["acl": "public-read"]
            let late = try await Self.form(Self.policy(expires: -1), house)
            let answers = try await PostCase.send([
                tooLarge, empty, wrongKey, wrongType, noType, acl, late,
            ])
            #expect(answers.map(\.status) == [403, 400, 403, 403, 403, 403, 403], "\(answers.map(\.text))")
            let denied = "AccessDenied"
            #expect(
                answers.map(\.code) == [
                    "EntityTooLarge", "EntityTooSmall", denied, denied, denied, denied, denied,
                ]
            )
            #expect(house.announced.all.isEmpty)
            try await Self.expectNothing(house)
        }
    }

    private static func expectNothing(_ house: SiteHouse) async throws {
        let objects = house.backend.objects
        #expect(
            try await objects.list(bucket: SiteHouse.bucket, prefix: "", after: nil, limit: 10).items.isEmpty
        )
        #expect(await objects.unfinishedUploadCount == 0)
    }

    @Test("A policy that was altered, or that somebody else signed, is no permission")
    func verifiesSignature() async throws {
        try await SiteHouse.open { house in
            let good = try await Self.form(Self.policy(), house)
            let wider = try await house.forms.form(for: Self.policy(key: .startsWith("")), origin: "")
            var altered = good
            altered.set = ["policy": wider.fields.first { $0.name == "policy" }?.value ?? ""]
            var forged = good
            forged.secret = "guessed"
            var unsigned = good
            unsigned.unset = ["x-amz-signature"]
            var noPolicy = good
            noPolicy.unset = ["policy"]
            var stranger = good
            stranger.set = ["x-amz-credential": "AKIDOTHER/20260101/local/s3/aws4_request"]
            var laterDate = good
            laterDate.set = ["x-amz-date": "20990101T000000Z"]
            var noKey = good
            noKey.unset = ["key"]
            let answers = try await PostCase.send([
                altered, forged, unsigned, noPolicy, stranger, laterDate, noKey,
            ])
            #expect(answers.map(\.status) == [403, 403, 403, 403, 403, 400, 400])
            #expect(
                answers.map(\.code) == [
                    "SignatureDoesNotMatch", "SignatureDoesNotMatch", "AccessDenied", "AccessDenied",
                    "InvalidAccessKeyId", "InvalidArgument", "InvalidArgument",
                ]
            )
            try await Self.expectNothing(house)
        }
    }

    @Test("The file's name completes the key where the policy leaves it open, without its folders")
    func completesKey() async throws {
        try await SiteHouse.open { house in
            var post = try await Self.form(
                Self.policy(
                    key: .startsWith("uploads/"),
                    fields: ["success_action_status": "201", "x-amz-meta-note": "n"]
                ),
                house
            )
            post.filename = "C:\\videos\\my clip é&.webm"
            let answer = try await PostCase.send([post])[0]
            #expect(answer.status == 201)
            #expect(answer.text.contains("<Key>uploads/my clip é&amp;.webm</Key>"), "\(answer.text)")
            #expect(answer.text.contains("<Bucket>media</Bucket>"))
            let location = ObjectLocation(bucket: SiteHouse.bucket, key: "uploads/my clip é&.webm")
            #expect(try await house.backend.objects.head(location).metadata == ["note": "n"])
            #expect(
                answer.headers["Location"]?.hasSuffix("/media/uploads/my%20clip%20%C3%A9%26.webm") == true
            )
        }
    }

    @Test("Fields that begin with x-ignore- need no condition, and any other does")
    func ignoresFields() async throws {
        try await SiteHouse.open { house in
            var ignored = try await Self.form(Self.policy(), house)
            ignored.set = ["x-ignore-me": "x"]
            var extra = try await Self.form(Self.policy(), house)
            extra.set = ["success_action_redirect": "http://example.com", "x-amz-meta-a": "b"]
            let answers = try await PostCase.send([ignored, extra])
            #expect(answers.map(\.status) == [204, 403])
            #expect(answers[1].text.contains("Extra input fields: success_action_redirect, x-amz-meta-a"))
        }
    }

    @Test("A file of several parts is stored whole, with one part in memory at a time")
    func storesLarge() async throws {
        try await SiteHouse.open { house in
            var policy = Self.policy()
            policy.byteCount = 1...50_000_000
            var post = try await Self.form(policy, house)
            post.size = (8 << 20) * 2 + 12_345
            #expect(try await PostCase.send([post]).map(\.status) == [204])
            let location = ObjectLocation(bucket: SiteHouse.bucket, key: Self.key)
            let data = try await house.backend.objects.read(location, range: 0..<50_000_000, eTag: nil)
            let pattern: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3]
            let cut = post.size / 4 * 4
            #expect(data.count == post.size)
            #expect(data.prefix(cut).enumerated().allSatisfy { $0.element == pattern[$0.offset % 4] })
            #expect(data.dropFirst(cut).allSatisfy { $0 == UInt8(ascii: "x") })
        }
    }

    @Test("A file that turns out too long after parts of it were stored leaves none of them")
    func abortsLarge() async throws {
        try await SiteHouse.open { house in
            var policy = Self.policy(key: .equals("uploads/0/big.webm"))
            policy.byteCount = 1...20_000_000
            var post = try await Self.form(policy, house)
            post.size = 30_000_000
            #expect(try await PostCase.send([post]).map(\.code) == ["EntityTooLarge"])
            try await Self.expectNothing(house)
        }
    }

    @Test("A client that goes away in the middle of a file leaves nothing")
    func abortsBroken() async throws {
        let plan = FaultPlan.none()
        try await SiteHouse.open(objects: { FaultInjectingObjectStore($0, plan) }) { house in
            var policy = Self.policy(key: .equals("uploads/0/big.webm"))
            policy.byteCount = 1...50_000_000
            let form = try await house.forms.form(for: policy, origin: house.address)
            let fields = try JSONEncoder().encode(Dictionary(form.fields.map { ($0.name, $0.value) }) { $1 })
            let source = """
                import json, socket, sys
                fields = json.loads(sys.argv[2])
                fields["Content-Type"] = "video/webm"
                body = "".join(f'--X\\r\\nContent-Disposition: form-data; name="{n}"\\r\\n\\r\\n{v}\\r\\n'
                               for n, v in fields.items()).encode()
                body += b'--X\\r\\nContent-Disposition: form-data; name="file"; filename="a"\\r\\n\\r\\n'
                body += b"x" * 20_000_000
                host, port = sys.argv[1].split("//")[1].split(":")
                with socket.create_connection((host, int(port))) as connection:
                    connection.sendall(b"POST /media HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 40000000\\r\\n"
                                       b"Content-Type: multipart/form-data; boundary=X\\r\\n\\r\\n" + body)
                """
            try await TestServers.Python.output(
                source: source,
                [house.address, String(decoding: fields, as: UTF8.self)]
            )
            // The server notices a moment later.
            let deadline = ContinuousClock.now + .seconds(30)
            while !plan.calls.contains("abort"), ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(plan.calls.contains("abort"))
            try await Self.expectNothing(house)
            #expect(house.announced.all.isEmpty)
        }
    }

    @Test("A storage that fails in the middle is 503, and leaves nothing")
    func storageFails() async throws {
        let plan = FaultPlan { $0 == 3 ? .before : nil }
        try await SiteHouse.open(objects: { FaultInjectingObjectStore($0, plan) }) { house in
            var policy = Self.policy(key: .equals("uploads/0/big.webm"))
            policy.byteCount = 1...50_000_000
            var post = try await Self.form(policy, house)
            post.size = 30_000_000
            let answer = try await PostCase.send([post])[0]
            #expect(answer.status == 503)
            #expect(answer.code == "ServiceUnavailable")
            try await Self.expectNothing(house)
        }
    }

    @Test("A body that is no form is refused")
    func refusesOthers() async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/media", method: "POST")
            #expect(answer.status == 412)
            let type = [(name: "Content-Type", value: "multipart/form-data; boundary=X")]
            #expect(try await house.get("/media", method: "POST", headers: type).status == 400)
        }
    }

    @Test("A browser may ask whether it may upload")
    func preflight() async throws {
        try await SiteHouse.open { house in
            let answer = try await house.get("/media", method: "OPTIONS")
            #expect(answer.status == 200)
            #expect(answer.headers["access-control-allow-origin"] == "*")
            #expect(answer.headers["access-control-allow-methods"] == "POST")
        }
    }

    @Test("Forms of one process are taken by another one with the same store, and by nobody else")
    func sharesSecret() async throws {
        try await SiteHouse.open { house in
            let twin = LocalUploadForms(store: house.backend.metadata)
            let stranger = LocalUploadForms(store: InMemoryMetadataStore())
            var cases: [PostCase] = []
            for forms in [twin, stranger] {
                let form = try await forms.form(for: Self.policy(), origin: house.address)
                var fields = Dictionary(form.fields.map { ($0.name, $0.value) }) { $1 }
                fields["Content-Type"] = "video/webm"
                cases.append(PostCase(url: form.url, fields: fields))
            }
            #expect(try await PostCase.send(cases).map(\.status) == [204, 403])
        }
    }
}
