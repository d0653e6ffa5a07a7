import AWSSignature
import Foundation
import HTTPService
import TestServers
import Testing

@Suite("Uploads by form, compared with other servers")
struct UploadComparisonTests {
    private static let key = "P/0/x.webm"

    private static func policy(expires: TimeInterval = 3600) -> PostPolicy {
        PostPolicy(
            bucket: SiteHouse.bucket,
            key: .equals(key),
            byteCount: 1...5000,
            contentType: .startsWith("video/"),
            expires: Date().addingTimeInterval(expires)
        )
    }

    /// The same forms, right and wrong, for one server.
    private static func cases(
        _ form: (PostPolicy) async throws -> (url: String, fields: [(name: String, value: String)])
    ) async throws -> [PostCase] {
        func made(_ policy: PostPolicy) async throws -> PostCase {
            let form = try await form(policy)
            var fields = Dictionary(form.fields.map { ($0.name, $0.value) }) { $1 }
            fields["Content-Type"] = "video/webm"
            return PostCase(url: form.url, fields: fields)
        }
        let good = try await made(policy())
        var changed: [PostCase] = []
        for set in [
            ["key": "P/0/other.webm"], ["Content-Type": "text/html"], ["x-amz-meta-a": "b"],
            ["x-ignore-me": "x"], ["x-amz-signature": String(repeating: "0", count: 64)],
        ] {
            var post = good
            post.set = set
            changed.append(post)
        }
        var noType = good
        noType.unset = ["Content-Type"]
        return [good, noType, try await made(policy(expires: -5))] + changed
    }

    @Test(
        "The same forms get the same statuses and codes as from S3 servers of other authors",
        arguments: [TestServer.seaweedFS, .ministack]
    )
    func agrees(server: TestServer) async throws {
        let address = try await ServerRoom.shared.address(of: server)
        let boto = try await ServerRoom.shared.boto(s3: server)
        _ = try? await boto.call("s3", "create_bucket", ["Bucket": .string(SiteHouse.bucket)])
        let credentials = Credentials(
            accessKeyID: address.accessKeyID,
            secretAccessKey: address.secretAccessKey
        )
        let theirs = try await Self.cases { policy in
            let fields = policy.formFields(credentials: credentials, region: ServerRoom.region, date: Date())
            return ("\(address.endpoint)/\(policy.bucket)", fields)
        }
        try await SiteHouse.open { house in
            let ours = try await Self.cases { try await house.forms.form(for: $0, origin: house.address) }
            let answers = try await PostCase.send(theirs + ours)
            let (expected, found) = (answers.prefix(ours.count), answers.suffix(ours.count))
            #expect(found.map(\.status) == expected.map(\.status))
            #expect(found.map(\.code) == expected.map(\.code))
            #expect(found.map(\.status) == [204, 403, 403, 403, 403, 403, 204, 403])
        }
    }
}
