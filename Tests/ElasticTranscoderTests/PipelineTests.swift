import Foundation
import Jobs
import TestBackends
import TestServers
import Testing

@Suite("Pipelines")
struct PipelineTests {
    private let bench = APIBench()
    private let configuration: JSON = [
        "Bucket": "out", "StorageClass": "ReducedRedundancy",
        "Permissions": [["GranteeType": "Group", "Grantee": "AllUsers", "Access": ["Read"]]],
    ]

    @Test("A pipeline with an output bucket shows it as the place of outputs and thumbnails too")
    func showsBuckets() async throws {
        let answer = try await bench.send(
            "POST",
            "pipelines",
            [
                "Name": "p", "InputBucket": "in", "OutputBucket": "out", "Role": .string(APIBench.role),
                "Notifications": ["Completed": "arn:aws:sns:eu-west-1:123456789012:done"],
            ]
        )
        #expect(answer.status == 201 && answer.error == nil)
        let pipeline = try #require(answer.body["Pipeline"])
        let id = try #require(pipeline["Id"]?.string)
        #expect(id.wholeMatch(of: #/1790000000\d{3}-[a-z0-9]{6}/#) != nil)
        let place: JSON = ["Bucket": "out", "StorageClass": "Standard", "Permissions": []]
        #expect(
            pipeline == [
                "Id": .string(id),
                "Arn": .string("arn:aws:elastictranscoder:eu-west-1:123456789012:pipeline/\(id)"),
                "Name": "p", "Status": "Active", "InputBucket": "in", "OutputBucket": "out",
                "Role": .string(APIBench.role), "AwsKmsKeyArn": .null, "ContentConfig": place,
                "ThumbnailConfig": place,
                "Notifications": [
                    "Progressing": "", "Completed": "arn:aws:sns:eu-west-1:123456789012:done", "Warning": "",
                    "Error": "",
                ],
            ]
        )
        #expect(answer.body["Warnings"] == [])
        #expect(try await bench.send("GET", "pipelines/\(id)").body["Pipeline"] == pipeline)
    }

    @Test("A pipeline with places of its own for outputs and thumbnails has no output bucket")
    func showsPlaces() async throws {
        let id = try await bench.pipeline([
            "OutputBucket": .null, "ContentConfig": configuration, "ThumbnailConfig": ["Bucket": "in"],
        ])
        let pipeline = try await bench.send("GET", "pipelines/\(id)").body["Pipeline"]
        #expect(pipeline?["OutputBucket"] == .null)
        #expect(pipeline?["ContentConfig"] == configuration)
        #expect(pipeline?["ThumbnailConfig"]?["Bucket"] == "in")
        let job = try await bench.job(id).body["Job"]?["Id"]?.string ?? ""
        #expect(await bench.backend.metadata.job(job)?.outputBucket == "out")
    }

    @Test("Neither place, both, and a bad role are refused in the service's words")
    func refuses() async throws {
        let cases: [([String: JSON], String)] = [
            (
                ["OutputBucket": .null],
                "[OutputBucket and ContentConfig:Bucket are not allowed to both be null.]"
            ),
            (["ContentConfig": configuration], "[OutputBucket and ContentConfig are mutually exclusive.]"),
            (
                ["OutputBucket": .null, "ContentConfig": configuration],
                "[ThumbnailConfig:Bucket is not allowed to be null if ContentConfig is specified.]"
            ),
            (["Role": ""], "Role cannot be blank"),
            (["Role": "r"], "Role ARN is invalid: r"),
        ]
        for (changes, message) in cases { #expect(try await bench.pipeline(changes) == message) }
    }

    @Test("An update changes what it names, at once, and nothing else")
    func updates() async throws {
        let id = try await bench.pipeline(["Notifications": ["Error": "arn:aws:sns:eu-west-1:123456789012:e"]]
        )
        let before = try await bench.send("GET", "pipelines/\(id)").body["Pipeline"]
        var answer = try await bench.send("PUT", "pipelines/\(id)", ["Name": "new"])
        #expect(answer.status == 200 && answer.body["Warnings"] == [])
        #expect(answer.body["Pipeline"]?["Name"] == "new")
        #expect(answer.body["Pipeline"]?["Notifications"] == before?["Notifications"])
        answer = try await bench.send("PUT", "pipelines/\(id)", ["ContentConfig": configuration])
        #expect(answer.body["Pipeline"]?["OutputBucket"] == .null)
        #expect(answer.body["Pipeline"]?["ContentConfig"] == configuration)
        #expect(answer.body["Pipeline"]?["ThumbnailConfig"]?["Bucket"] == "out")
        answer = try await bench.send("POST", "pipelines/\(id)/notifications", ["Notifications": [:]])
        #expect(answer.status == 200 && answer.body["Pipeline"]?["Notifications"]?["Error"] == "")
        #expect(answer.body["Pipeline"] == (try await bench.send("GET", "pipelines/\(id)").body["Pipeline"]))
    }

    @Test("Two updates at the same time are both done")
    func updatesTwice() async throws {
        let id = try await bench.pipeline()
        async let first = bench.send("PUT", "pipelines/\(id)", ["Name": "new"])
        async let second = bench.send("PUT", "pipelines/\(id)", ["InputBucket": "other"])
        _ = try await (first, second)
        let pipeline = try await bench.send("GET", "pipelines/\(id)").body["Pipeline"]
        #expect(pipeline?["Name"] == "new" && pipeline?["InputBucket"] == "other")
    }

    @Test("Activating a paused pipeline sends the message of each job that waits, and of no other")
    func activates() async throws {
        let id = try await bench.pipeline()
        let other = try await bench.pipeline()
        var answer = try await bench.send("POST", "pipelines/\(id)/status", ["Status": "Paused"])
        #expect(answer.body["Pipeline"]?["Status"] == "Paused")
        let jobs = [try await bench.jobID(id), try await bench.jobID(id)]
        _ = try await bench.jobID(other)
        try await bench.change(jobs[1]) { $0.status = .complete }
        #expect(await bench.backend.queue.depth().visible == 3)
        answer = try await bench.send("POST", "pipelines/\(id)/status", ["Status": "Active"])
        #expect(answer.status == 200 && answer.body["Pipeline"]?["Status"] == "Active")
        let messages = try await bench.backend.queue.receive(limit: 10, wait: 0, visibility: 60)
        #expect(messages.count == 4)
        #expect(messages.last?.body == JobEvent.message(forJob: jobs[0]))
    }

    @Test("A pipeline with jobs to do cannot be deleted; one without is gone")
    func deletes() async throws {
        let id = try await bench.pipeline()
        let job = try await bench.jobID(id)
        for status in [JobStatus.submitted, .progressing] {
            try await bench.change(job) { $0.status = status }
            let answer = try await bench.send("DELETE", "pipelines/\(id)")
            #expect(answer.status == 409 && answer.error == "ResourceInUseException")
        }
        try await bench.change(job) { $0.status = .complete }
        let answer = try await bench.send("DELETE", "pipelines/\(id)")
        #expect(answer.status == 202 && answer.body == [:])
        for (method, path) in [("GET", ""), ("DELETE", ""), ("PUT", "")] {
            let answer = try await bench.send(method, "pipelines/\(id)\(path)", method == "PUT" ? [:] : nil)
            #expect(answer.status == 404 && answer.error == "ResourceNotFoundException")
            #expect(
                answer.message
                    == "The specified pipeline was not found: account=123456789012, pipelineId=\(id)."
            )
        }
        // What it did is still there.
        #expect(try await bench.send("GET", "jobs/\(job)").status == 200)
    }

    @Test("TestRole tells of buckets that are not there")
    func testsRole() async throws {
        func test(_ buckets: [String]) async throws -> JSON {
            try await bench.send(
                "POST",
                "roleTests",
                [
                    "Role": .string(APIBench.role), "InputBucket": .string(buckets[0]),
                    "OutputBucket": .string(buckets[1]), "Topics": [],
                ]
            ).body
        }
        #expect(try await test(["in", "out"]) == ["Success": "true", "Messages": []])
        let message = "The role \(APIBench.role) does not have access to the bucket: no"
        #expect(try await test(["no", "out"]) == ["Success": "false", "Messages": [.string(message)]])
        #expect(try await test(["no", "no"])["Messages"] == [.string(message)])
    }

    @Test(
        "A bucket that may not be used is as good as none",
        arguments: [BackendError.Code.denied, .invalid]
    )
    func testsDenied(code: BackendError.Code) async throws {
        let bench = APIBench(.call(1, error: BackendError(code, "not you")))
        let answer = try await bench.send(
            "POST",
            "roleTests",
            ["Role": .string(APIBench.role), "InputBucket": "in", "OutputBucket": "out", "Topics": []]
        )
        #expect(answer.status == 200 && answer.body["Success"] == "false")
        #expect(answer.body["Messages"]?.elements.count == 1)
    }

    @Test("Pipelines of the configuration are not the API's")
    func hidesConfigured() async throws {
        #expect(try await bench.send("GET", "pipelines").body["Pipelines"] == [])
    }

    @Test("Each page says where the next begins, until there is none", arguments: [true, false])
    func pages(ascending: Bool) async throws {
        for _ in 0..<120 { _ = try await bench.pipeline() }
        var ids: [String] = []
        var sizes: [Int] = []
        var token: String?
        repeat {
            let place = token.map { "&PageToken=\($0)" } ?? ""
            let answer = try await bench.send("GET", "pipelines?Ascending=\(ascending)\(place)")
            let page = answer.body["Pipelines"]?.elements.compactMap { $0["Id"]?.string } ?? []
            sizes.append(page.count)
            ids += page
            token = answer.body["NextPageToken"]?.string
        } while token != nil
        #expect(sizes == [50, 50, 20])
        #expect(ids == (ascending ? ids.sorted() : ids.sorted().reversed()) && Set(ids).count == 120)
    }
}
