import AWSSignature
import Foundation
import Testing

@Suite("POST policy")
struct PostPolicyTests {
    private static let credentials = Credentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: "secret/+",
        sessionToken: "token/+="
    )

    private static func form(_ policy: PostPolicy, _ credentials: Credentials) -> [String: String] {
        let fields = policy.formFields(credentials: credentials, region: "eu-west-1", date: Botocore.moment)
        return Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
    }

    @Test("The policy names every condition, and the form fulfils it")
    func names() throws {
        let policy = PostPolicy(
            bucket: "videos",
            key: .equals(#"site/0/é"\.webm"#),
            byteCount: 1...5_368_709_120,
            contentType: .startsWith("video/"),
            fields: ["success_action_status": "201"],
            expires: Botocore.moment.addingTimeInterval(3600)
        )
        let form = Self.form(policy, Self.credentials)
        #expect(form["key"] == #"site/0/é"\.webm"#)
        #expect(form["Content-Type"] == nil)
        #expect(form["success_action_status"] == "201")

        let data = try #require(Data(base64Encoded: form["policy"] ?? ""))
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(document["expiration"] as? String == "2026-02-01T00:59:59Z")
        let conditions = try #require(document["conditions"] as? [Any])
        let equal = conditions.compactMap { $0 as? [String: String] }.reduce(into: [:]) {
            $0.merge($1) { $1 }
        }
        let expected = [
            "bucket": "videos", "key": #"site/0/é"\.webm"#, "success_action_status": "201",
            "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": "20260131T235959Z",
            "x-amz-credential": "AKIDEXAMPLE/20260131/eu-west-1/s3/aws4_request",
            "x-amz-security-token": "token/+=",
        ]
        #expect(equal == expected)
        for (name, value) in expected where name != "bucket" { #expect(form[name] == value) }
        let lists = conditions.compactMap { $0 as? [Any] }.map { $0.map { "\($0)" } }
        #expect(
            lists == [
                ["content-length-range", "1", "5368709120"], ["starts-with", "$Content-Type", "video/"],
            ]
        )
    }

    @Test("Its signature is that of botocore, with a session token and without")
    func signs() throws {
        let policy = PostPolicy(
            bucket: "videos",
            key: .startsWith("uploads/"),
            contentType: .equals("video/webm"),
            expires: Botocore.moment.addingTimeInterval(60)
        )
        let lasting = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret/+")
        let forms = [Self.credentials, lasting].map { Self.form(policy, $0) }
        let cases = forms.map {
            Botocore.Case(kind: "post", secretAccessKey: "secret/+", policy: $0["policy"] ?? "")
        }
        for (form, answer) in zip(forms, try Botocore.sign(cases)) {
            #expect(form["x-amz-signature"] == answer.headers["signature"])
            #expect(form["x-amz-credential"] == answer.url)
            #expect(form["key"] == "uploads/${filename}")
            #expect(form["Content-Type"] == "video/webm")
        }
    }
}
