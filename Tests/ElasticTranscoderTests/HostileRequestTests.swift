import ElasticTranscoder
import Foundation
import Jobs
import TestBackends
import TestServers
import Testing

@Suite("Requests nobody should send")
struct HostileRequestTests {
    private let bench = APIBench()

    @Test(
        "Another version, and paths of no operation, are refused",
        arguments: [
            ("GET", "/2013-01-01/jobs", 400, "IncompatibleVersionException"),
            ("GET", "/jobs", 400, "IncompatibleVersionException"),
            ("GET", "", 400, "IncompatibleVersionException"),
            ("GET", "/2012-09-25", 404, "UnknownOperationException"),
            ("GET", "/2012-09-25/", 404, "UnknownOperationException"),
            ("GET", "/2012-09-25/nothing", 404, "UnknownOperationException"),
            ("PATCH", "/2012-09-25/jobs/1", 404, "UnknownOperationException"),
            ("GET", "/2012-09-25/jobs/a/b/c", 404, "UnknownOperationException"),
            ("GET", "/2012-09-25/jobs/", 400, "ValidationException"),
            ("GET", "/2012-09-25/jobs/%zz", 400, "ValidationException"),
            ("GET", "/2012-09-25/jobs/1234567890123-abcde%0A", 400, "ValidationException"),
            ("GET", "/2012-09-25/jobs/١٢٣٤٥٦٧٨٩٠١٢٣-abcdef", 400, "ValidationException"),
        ]
    )
    func refusesPaths(method: String, path: String, status: Int, error: String) async {
        let answer = await bench.api.respond(to: APIRequest(method: method, path: path))
        #expect(answer.status == status && answer.errorType == error)
    }

    @Test(
        "A body that is no JSON object, or has a value of the wrong type, is refused",
        arguments: [
            "{", "[]", "1", "\"a\"", "nothing", "{\"Name\":1}", "{\"Name\":true}", "{\"Name\":[\"a\"]}",
            "{\"Name\":{\"a\":\"b\"}}", "{\"Notifications\":\"a\"}", "{\"Notifications\":{\"Error\":1e999}}",
            "{\"ContentConfig\":{\"Permissions\":{}}}", "{\"ContentConfig\":{\"Permissions\":[1]}}",
            "{\"Name\":\"\\ud800\"}", "\u{FEFF}",
        ]
    )
    func refusesBodies(body: String) async throws {
        let answer = try await bench.send("POST", "pipelines", raw: Data(body.utf8))
        #expect(answer.status == 400 && answer.error == "SerializationException", "\(answer)")
    }

    @Test("Bytes that are no text, and depths without end, are refused")
    func refusesBytes() async throws {
        let depth = String(repeating: "[", count: 200_000)
        let objects = String(repeating: "{\"a\":", count: 200_000)
        for body in [Data([0xFF, 0xFE, 0x00]), Data(depth.utf8), Data("{\"Name\":\(objects)".utf8)] {
            let answer = try await bench.send("POST", "pipelines", raw: body)
            #expect(answer.status == 400 && answer.error == "SerializationException")
        }
    }

    @Test("Names that look alike and are written differently are no reason to fail")
    func readsTwins() async throws {
        let twins = "{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\",\"a\":\"1\",\"a\":\"2\"}"
        let pipeline = try await bench.pipeline()
        let body =
            "{\"PipelineId\":\"\(pipeline)\",\"PipelineId\":\"\(pipeline)\",\"UserMetadata\":\(twins),"
            + "\"Input\":\(twins),\"Output\":\(twins)}"
        let answer = try await bench.send("POST", "jobs", raw: Data(body.utf8))
        #expect(answer.status == 400 && answer.error == "ValidationException")
    }

    @Test("Constraints are broken together and told together, each with its member")
    func tellsAll() async throws {
        let long = String(repeating: "n", count: 41)
        let answer = try await bench.send(
            "POST",
            "pipelines",
            [
                "Name": .string(long), "InputBucket": "a b", "Role": .string(APIBench.role),
                "Notifications": ["Error": "no topic"],
                "ContentConfig": ["Permissions": [["Access": ["Read", "Look"]]], "StorageClass": ""],
            ]
        )
        #expect(
            answer.error == "ValidationException"
                && answer.message.hasPrefix("5 validation errors detected: ")
        )
        let parts = [
            "Value '\(long)' at 'name' failed to satisfy constraint: Member must have length less than or equal to 40",
            #"Value 'a b' at 'inputBucket' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(\w|\.|-){1,255}$"#,
            "Value 'no topic' at 'notifications.error' failed",
            "Value 'Look' at 'contentConfig.permissions.1.member.access.2.member' failed",
            "Value '' at 'contentConfig.storageClass' failed",
        ]
        for part in parts { #expect(answer.message.contains(part), "\(answer.message) lacks \(part)") }
    }

    @Test("Huge values are refused with short words, and soon")
    func refusesHuge() async throws {
        let huge = String(repeating: "{language}", count: 100_000)
        let pipeline = try await bench.pipeline()
        let formats = JSON.array((0..<4).map { _ in ["Pattern": .string(huge), "Format": "srt"] })
        let (_, seconds) = try await timed {
            var answer = try await bench.job(
                pipeline,
                ["Output": ["Key": .string(huge), "Captions": ["CaptionFormats": formats]]]
            )
            #expect(answer.status == 400 && answer.message.utf8.count < 10_000)
            answer = try await bench.job(
                pipeline,
                ["Output": .null, "Outputs": .array(Array(repeating: ["Key": ""], count: 100_000))]
            )
            #expect(answer.status == 400 && answer.message.utf8.count < 20_000)
        }
        #expect(seconds < 10)
    }

    @Test("Keys of encryption are not repeated in messages")
    func hidesKeys() async throws {
        let secret = "c2VjcmV0*"
        let answer = try await bench.job(
            try await bench.pipeline(),
            ["Input": ["Key": "a", "Encryption": ["Mode": "aes-ctr", "Key": .string(secret)]]]
        )
        #expect(answer.status == 400 && answer.message.contains("input.encryption.key"))
        #expect(!answer.message.contains(secret))
    }

    @Test("Numbers as large as can be written are answered")
    func readsNumbers() async throws {
        let pipeline = try await bench.pipeline()
        let numbers = [
            ("9223372036854775807", 201), ("-9223372036854775808", 201), ("9223372036854775808", 400),
            ("1e308", 400), ("0.5", 400), ("true", 400), ("\"1\"", 400),
        ]
        for (number, status) in numbers {
            let body =
                "{\"PipelineId\":\"\(pipeline)\",\"Input\":{\"Key\":\"a\",\"DetectedProperties\":"
                + "{\"FileSize\":\(number)}},\"Output\":{\"Key\":\"b\",\"PresetId\":\"\(APIBench.web)\"}}"
            let answer = try await bench.send("POST", "jobs", raw: Data(body.utf8))
            #expect(answer.status == status, "\(number): \(answer.message)")
        }
    }

    @Test("Whatever is cut off or altered, the answer is JSON and never a failure of the service")
    func survivesNoise() async throws {
        let pipeline = try await bench.pipeline()
        let bodies = try [
            JSON.object(APIBench.preset).line(),
            JSON.object([
                "PipelineId": .string(pipeline), "Input": ["Key": "a"], "UserMetadata": ["a": "b"],
                "Outputs": [["Key": "b", "PresetId": .string(APIBench.web)]],
            ]).line(),
        ]
        var random = SplitMix(state: 7)
        for round in 0..<3000 {
            var bytes = Array(bodies[round % 2].utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: place)
                case 2:
                    bytes.insert(contentsOf: [0x22, 0x7D, 0x5B, 0x39].shuffled(using: &random), at: place)
                default: bytes = Array(bytes.prefix(max(1, place)))
                }
            }
            let answer = try await bench.send("POST", ["presets", "jobs"][round % 2], raw: Data(bytes))
            #expect([201, 400, 404].contains(answer.status), "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test("Whatever call to a backend fails, the answer says so without telling its inside", arguments: 1...6)
    func failsCleanly(call: Int) async throws {
        let inside = BackendError(.unavailable, "10.1.2.3 refused key AKIA")
        let requests: [(String, String, JSON?)] = [
            ("GET", "presets?PageToken=1900000000000-aaaaaa", nil), ("GET", "pipelines", nil),
            ("GET", "jobsByStatus/Error", nil), ("GET", "jobs/1111111111111-aaaaaa", nil),
            ("DELETE", "jobs/1111111111111-aaaaaa", nil), ("DELETE", "pipelines/1111111111111-aaaaaa", nil),
            ("POST", "presets", .object(APIBench.preset)),
            (
                "POST", "roleTests",
                ["Role": .string(APIBench.role), "InputBucket": "in", "OutputBucket": "out", "Topics": []]
            ),
        ]
        for (method, path, body) in requests {
            let answer = try await APIBench(.call(call, error: inside)).send(method, path, body)
            #expect(!answer.message.contains("10.1.2.3"))
            guard call == 1 else { continue }
            #expect(answer.status == 500 && answer.error == "InternalServiceException", "\(method) \(path)")
        }
        let throttled = APIBench(.call(1, error: BackendError(.throttled, "slow down")))
        let answer = try await throttled.send("GET", "pipelines")
        #expect(answer.status == 429 && answer.error == "ThrottlingException")
    }
}

/// A generator whose numbers are the same every time (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
