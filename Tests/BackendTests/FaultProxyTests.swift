import Foundation
import TestServers
import Testing

@Suite("The fault proxy")
struct FaultProxyTests {
    /// A bucket behind a proxy, reached by boto3, which does not try again.
    private struct Setting {
        let proxy: FaultProxy
        let boto: Boto
        let bucket: JSON

        init() async throws {
            var environment = try await ServerRoom.shared.environment()
            proxy = try await FaultProxy.start(before: environment["AWS_ENDPOINT_URL_S3"] ?? "")
            environment["AWS_ENDPOINT_URL_S3"] = proxy.endpoint
            environment["RECAST_BOTO_ATTEMPTS"] = "1"
            boto = try Boto(environment: environment)
            bucket = .string(uniqueName("faults"))
            try await boto.call("s3", "create_bucket", ["Bucket": bucket])
        }

        func put(_ key: String, _ text: String) async throws {
            try await boto.call(
                "s3",
                "put_object",
                ["Bucket": bucket, "Key": .string(key), "Body": .bytes(Data(text.utf8))]
            )
        }

        func get(_ key: String, range: String? = nil) async throws -> String {
            var arguments: [String: JSON] = ["Bucket": bucket, "Key": .string(key)]
            arguments["Range"] = range.map { .string($0) }
            let answer = try await boto.call("s3", "get_object", .object(arguments))
            return String(decoding: answer["Body"]?.data ?? Data(), as: UTF8.self)
        }
    }

    @Test("Without rules everything passes, signatures and odd keys included")
    func passes() async throws {
        let setting = try await Setting()
        try await setting.put("a b+c%2B/é€😀.mp4", String(repeating: "x", count: 100_000))
        let text = try await setting.get("a b+c%2B/é€😀.mp4", range: "bytes=10-19")
        #expect(text == "xxxxxxxxxx")
        let requests = try await setting.proxy.requests()
        #expect(requests.map(\.method) == ["PUT", "PUT", "GET"])
        #expect(requests.allSatisfy { $0.fault == nil })
    }

    @Test(
        "Every n-th ranged read breaks off, before or within the answer",
        arguments: [(FaultProxy.Action.reset, "reset"), (.cut, "cut")]
    )
    func breaksReads(action: FaultProxy.Action, name: String) async throws {
        let setting = try await Setting()
        try await setting.put("clip", "0123456789")
        try await setting.proxy.use([.init(method: "GET", header: "range", every: 3, action: action)])
        var failures: [Int] = []
        for number in 1...7 {
            do {
                #expect(try await setting.get("clip", range: "bytes=2-5") == "2345")
            } catch {
                failures.append(number)
            }
            // Reads of the whole are not meant, and not counted.
            #expect(try await setting.get("clip") == "0123456789")
        }
        #expect(failures == [3, 6])
        #expect(try await setting.proxy.requests().compactMap(\.fault) == [name, name])
    }

    @Test("A storm of refusals lasts its time, and requests are counted by the second")
    func storms() async throws {
        let setting = try await Setting()
        let slowDown = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
        try await setting.proxy.use([
            .init(method: "PUT", seconds: 0.5, action: .answer(status: 503, body: slowDown))
        ])
        try await setting.proxy.forgetRequests()
        let refusal = await #expect(throws: Boto.Refusal.self) { try await setting.put("clip", "x") }
        #expect(refusal?.code == "SlowDown")
        let isOver = try await eventually { (try? await setting.put("clip", "x")) != nil }
        #expect(isOver)
        let requests = try await setting.proxy.requests()
        #expect(requests.last?.fault == nil)
        let seconds = (requests.last?.time ?? 0) - (requests.first?.time ?? 0)
        #expect(seconds >= 0.5)
        #expect(FaultProxy.busiestSecond(requests) <= requests.count)
    }

    @Test(
        "Completing an upload answers 200 with an error, whether it was done or not",
        arguments: [true, false]
    )
    func answersErrorWith200(isDone: Bool) async throws {
        let setting = try await Setting()
        let upload = try await setting.boto.call(
            "s3",
            "create_multipart_upload",
            ["Bucket": setting.bucket, "Key": "parts"]
        )
        let named: [String: JSON] = [
            "Bucket": setting.bucket, "Key": "parts", "UploadId": upload["UploadId"] ?? .null,
        ]
        let part = try await setting.boto.call(
            "s3",
            "upload_part",
            .object(named.merging(["PartNumber": 1, "Body": .bytes(Data("whole".utf8))]) { $1 })
        )
        let error = "<Error><Code>InternalError</Code><Message>Please try again.</Message></Error>"
        try await setting.proxy.use([
            .init(
                method: "POST",
                target: "[?&]uploadId=",
                first: 1,
                action: isDone ? .replace(status: 200, body: error) : .answer(status: 200, body: error)
            )
        ])
        let parts: JSON = ["Parts": [["PartNumber": 1, "ETag": part["ETag"] ?? .null]]]
        let complete = JSON.object(named.merging(["MultipartUpload": parts]) { $1 })
        _ = try? await setting.boto.call("s3", "complete_multipart_upload", complete)
        let text = try? await setting.get("parts")
        #expect(text == (isDone ? "whole" : nil))
        if !isDone {
            try await setting.boto.call("s3", "complete_multipart_upload", complete)
            #expect(try await setting.get("parts") == "whole")
        }
    }

    @Test("A lost answer leaves the thing done")
    func losesAnswers() async throws {
        let setting = try await Setting()
        try await setting.proxy.use([.init(method: "PUT", first: 1, action: .lose)])
        await #expect(throws: Boto.Refusal.self) { try await setting.put("clip", "done") }
        #expect(try await setting.get("clip") == "done")
    }

    @Test("A request can be held up")
    func delays() async throws {
        let setting = try await Setting()
        try await setting.put("clip", "x")
        try await setting.proxy.use([.init(method: "GET", first: 1, action: .delay(0.4))])
        let begin = ContinuousClock.now
        #expect(try await setting.get("clip") == "x")
        #expect(ContinuousClock.now - begin >= .milliseconds(400))
    }

    @Test("The busiest second is found wherever it lies")
    func findsBusiestSecond() {
        let requests = [0.0, 1.5, 1.6, 2.4, 2.6, 4].map {
            FaultProxy.Request(time: $0, method: "GET", target: "/", fault: nil)
        }
        #expect(FaultProxy.busiestSecond(requests) == 3)
        #expect(FaultProxy.busiestSecond([]) == 0)
    }
}
