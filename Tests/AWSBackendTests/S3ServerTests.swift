import AWSSignature
import Foundation
import HTTPTransport
import Jobs
import TestServers
import Testing

@testable import AWSBackend

@Suite("S3, with servers that check signatures")
struct S3ServerTests {
    private static let servers = [TestServer.seaweedFS, .ministack]

    @Test("A wrong secret is denied, whatever is asked for", arguments: servers)
    func deniesWrongSecret(_ server: TestServer) async throws {
        let bench = try await S3Bench(server)
        _ = try await bench.write("x", "clip")
        let wrong = S3Bench.store(
            bench.address.endpoint,
            Credentials(accessKeyID: bench.address.accessKeyID, secretAccessKey: "wrong")
        )
        let location = bench.location("clip")
        #expect(await code { () throws(BackendError) in try await wrong.head(location) } == .denied)
        #expect(
            await code { () throws(BackendError) in
                try await wrong.read(location, range: 0..<1, eTag: nil)
            } == .denied
        )
        #expect(
            await code { () throws(BackendError) in
                try await wrong.write(
                    Data(),
                    to: location,
                    attributes: S3Bench.attributes,
                    condition: .none
                )
            } == .denied
        )
        #expect(
            await code { () throws(BackendError) in
                try await wrong.list(bucket: bench.bucket, prefix: "", after: nil, limit: 1)
            } == .denied
        )
        #expect(
            await code { () throws(BackendError) in try await wrong.hasBucket(bench.bucket) } == .denied
        )
        #expect(try await bench.text("clip") == "x")
    }

    @Test(
        "boto3 reads what we write and we read what it writes, under keys that need encoding",
        arguments: servers,
        ["a b+c%2B.mp4", "é€😀.mp4", "d/e/(1)'!*~;:@&=$,?#.mp4", "a%20b", "100%", "plain"]
    )
    func agreesOnKeys(_ server: TestServer, key: String) async throws {
        let bench = try await S3Bench(server)
        _ = try await bench.write("ours", key)
        #expect(try await bench.botoText(key) == "ours")
        let other = "their " + key
        try await bench.boto.call(
            "s3",
            "put_object",
            [
                "Bucket": .string(bench.bucket), "Key": .string(bench.folder + other),
                "Body": .bytes(Data("theirs".utf8)),
                "Metadata": ["who": "boto"], "ContentType": "text/x-test",
            ]
        )
        #expect(try await bench.text(other) == "theirs")
        let info = try await bench.store.head(bench.location(other))
        #expect(info.metadata == ["who": "boto"])
        #expect(info.contentType == "text/x-test")
        let page = try await bench.store.list(
            bucket: bench.bucket,
            prefix: bench.folder,
            after: nil,
            limit: 10
        )
        #expect(Set(page.items.map(\.key)) == [bench.folder + key, bench.folder + other])
        let next = try await bench.store.list(
            bucket: bench.bucket,
            prefix: bench.folder,
            after: nil,
            limit: 1
        )
        let after = try #require(next.next)
        let rest = try await bench.store.list(
            bucket: bench.bucket,
            prefix: bench.folder,
            after: after,
            limit: 1
        )
        #expect((next.items + rest.items).map(\.key) == page.items.map(\.key))
    }

    @Test("An address that was signed in advance works as long as it may", arguments: servers)
    func presigns(_ server: TestServer) async throws {
        let bench = try await S3Bench(server)
        let (http, key) = (HTTPClient(), "/\(bench.folder)signed%20%2B.webm")
        var put = AWSRequest(.s3, "PUT", bucket: bench.bucket, path: key)
        put.headers = [("Content-Type", "video/webm")]
        let putURL = try await bench.store.client.presignedURL(put, lifetime: 60)
        var upload = HTTPRequest(method: "PUT", url: putURL, headers: put.headers, body: Data("body".utf8))
        #expect(try await http.send(upload).status == 200)
        upload.headers = [("Content-Type", "text/html")]
        #expect(try await http.send(upload).status == 403)

        let get = AWSRequest(.s3, "GET", bucket: bench.bucket, path: key)
        let getURL = try await bench.store.client.presignedURL(get, lifetime: 60)
        let answer = try await http.send(HTTPRequest(method: "GET", url: getURL))
        #expect(answer.body == Data("body".utf8))
        let tampered = getURL.replacingOccurrences(of: "signed%20", with: "signed")
        #expect(try await http.send(HTTPRequest(method: "GET", url: tampered)).status == 403)
    }

    @Test("A form uploads what its policy allows, and nothing else", arguments: servers)
    func posts(_ server: TestServer) async throws {
        let bench = try await S3Bench(server)
        let policy = PostPolicy(
            bucket: bench.bucket,
            key: .equals(bench.folder + "up/é +.webm"),
            byteCount: 1...10,
            contentType: .startsWith("video/"),
            expires: Date().addingTimeInterval(60)
        )
        let good = [("Content-Type", "video/webm")]
        #expect(try await post(policy, bench, good, "0123456789") == 204)
        #expect(try await bench.botoText("up/é +.webm") == "0123456789")
        #expect(try await bench.store.head(bench.location("up/é +.webm")).contentType == "video/webm")

        #expect(try await post(policy, bench, good, "0123456789a") >= 400)
        #expect(try await post(policy, bench, good, "") >= 400)
        #expect(try await post(policy, bench, [("Content-Type", "text/html")], "x") == 403)
        #expect(try await post(policy, bench, good + [("key", bench.folder + "other")], "x") == 403)
        var late = policy
        late.expires = Date().addingTimeInterval(-10)
        #expect(try await post(late, bench, good, "x") == 403)
        #expect(try await bench.text("up/é +.webm") == "0123456789")
        #expect(
            await code { () throws(BackendError) in try await bench.store.head(bench.location("other")) }
                == .notFound
        )
    }

    /// Sends the form as a browser does (RFC 7578), with some fields replaced.
    private func post(
        _ policy: PostPolicy,
        _ bench: S3Bench,
        _ changes: [(String, String)],
        _ file: String
    ) async throws -> Int {
        let form = try await bench.store.uploadForm(for: policy)
        let fields = form.fields.filter { field in !changes.contains { $0.0 == field.name } } + changes
        var body = ""
        for (name, value) in fields {
            body += "--limit\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        body += "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.webm\"\r\n\r\n"
        body += "\(file)\r\n--limit--\r\n"
        let headers = [("Content-Type", "multipart/form-data; boundary=limit")]
        let request = HTTPRequest(method: "POST", url: form.url, headers: headers, body: Data(body.utf8))
        return try await HTTPClient().send(request).status
    }

    @Test("A bucket tells a queue of new objects besides those it tells already")
    func notifies() async throws {
        let bench = try await S3Bench(.ministack)
        let bucket = "notifying-\(UUID().uuidString.lowercased())"
        try await bench.boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        var arns: [String] = []
        let policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*",
            "Principal":{"Service":"s3.amazonaws.com"}}]}
            """
        for name in ["first", "second"] {
            let queue = try await bench.boto.call(
                "sqs",
                "create_queue",
                ["QueueName": .string(name), "Attributes": ["Policy": .string(policy)]]
            )
            let attributes = try await bench.boto.call(
                "sqs",
                "get_queue_attributes",
                ["QueueUrl": queue["QueueUrl"] ?? .null, "AttributeNames": ["QueueArn"]]
            )
            arns.append(try #require(attributes["Attributes"]?["QueueArn"]?.string))
        }
        let removed: JSON = [
            "Id": "theirs", "QueueArn": .string(arns[0]), "Events": ["s3:ObjectRemoved:*"],
            "Filter": ["Key": ["FilterRules": [["Name": "suffix", "Value": ".mp4"]]]],
        ]
        try await bench.boto.call(
            "s3",
            "put_bucket_notification_configuration",
            [
                "Bucket": .string(bucket),
                "NotificationConfiguration": ["QueueConfigurations": [removed]],
            ]
        )
        #expect(try await bench.store.notify(queueARN: arns[1], ofNewObjectsIn: bucket, prefix: "in/&é/"))
        #expect(try await !bench.store.notify(queueARN: arns[1], ofNewObjectsIn: bucket, prefix: "in/&é/"))
        let answer = try await bench.boto.call(
            "s3",
            "get_bucket_notification_configuration",
            ["Bucket": .string(bucket)]
        )
        let queues = answer["QueueConfigurations"]?.elements ?? []
        #expect(queues.count == 2)
        #expect(queues.first?["Id"] == "theirs")
        #expect(queues.first?["Filter"]?["Key"]?["FilterRules"]?.elements.first?["Value"] == ".mp4")
        #expect(queues.last?["QueueArn"]?.string == arns[1])
        #expect(queues.last?["Events"] == ["s3:ObjectCreated:*"])
        #expect(queues.last?["Filter"]?["Key"]?["FilterRules"]?.elements.first?["Value"] == "in/&é/")

        #expect(try await bench.store.notify(queueARN: arns[1], ofNewObjectsIn: bucket))
        let changed = try await bench.boto.call(
            "s3",
            "get_bucket_notification_configuration",
            ["Bucket": .string(bucket)]
        )
        #expect(changed["QueueConfigurations"]?.elements.count == 2)
    }
}
