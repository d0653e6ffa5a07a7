import Foundation
import Jobs
import TestServers
import Testing

@Suite("Amazon's own clients")
struct ClientTests {
    private let bench = APIBench()

    @Test(
        "A client makes a pipeline and a job, waits, and reads what came of it",
        arguments: BotoClient.Generation.available
    )
    func works(generation: BotoClient.Generation) async throws {
        let client = try BotoClient(generation, bench.api)
        let pipeline = try await client.call(
            "create_pipeline",
            [
                "Name": "p", "InputBucket": "in", "OutputBucket": "out", "Role": .string(APIBench.role),
                "Notifications": ["Progressing": "", "Completed": "", "Warning": "", "Error": ""],
            ]
        )
        #expect(pipeline["Warnings"] == [])
        let pipelineID = try #require(pipeline["Pipeline"]?["Id"]?.string)
        let made = try await client.call(
            "create_job",
            [
                "PipelineId": .string(pipelineID), "Input": ["Key": "a b/ü.mov"],
                "Outputs": [["Key": "web/a.mp4", "PresetId": .string(APIBench.web)]],
                "OutputKeyPrefix": "output/",
            ]
        )
        let id = try #require(made["Job"]?["Id"]?.string)
        // boto3 leaves out what is null.
        #expect(made["Job"]?["Output"]?["Duration"] == nil && made["Job"]?["Output"]?["Watermarks"] == [])
        try await bench.change(id) { job in
            job.outputs[0].status = .complete
            job.outputs[0].rendition = Rendition(byteCount: 7, eTag: "e", durationMilliseconds: 1001)
            job = job.ended(now: Date(timeIntervalSince1970: 1_790_000_020))
        }
        try await client.wait("job_complete", ["Id": .string(id)])
        let job = try await client.call("read_job", ["Id": .string(id)])["Job"]
        #expect(job?["Status"] == "Complete" && job?["Input"]?["Key"] == "a b/ü.mov")
        #expect(job?["Output"]?["Duration"] == 2 && job?["Output"]?["FileSize"] == 7)
        #expect(job?["Timing"]?["FinishTimeMillis"] == 1_790_000_020_000)
        let error = await #expect(throws: BotoClient.Refusal.self) {
            try await client.call("cancel_job", ["Id": .string(id)])
        }
        #expect(error?.type == "ResourceInUseException" && error?.status == 409)
    }

    @Test("A client changes, lists and deletes", arguments: BotoClient.Generation.available)
    func manages(generation: BotoClient.Generation) async throws {
        let client = try BotoClient(generation, bench.api)
        let id = JSON.string(try await bench.pipeline())
        var answer = try await client.call("update_pipeline", ["Id": id, "Name": "new"])
        #expect(answer["Pipeline"]?["Name"] == "new" && answer["Warnings"] == [])
        answer = try await client.call("update_pipeline_status", ["Id": id, "Status": "Paused"])
        #expect(answer["Pipeline"]?["Status"] == "Paused")
        answer = try await client.call(
            "update_pipeline_notifications",
            ["Id": id, "Notifications": ["Error": "arn:aws:sns:us-east-1:123456789012:t"]]
        )
        #expect(answer["Pipeline"]?["Notifications"]?["Completed"] == "")
        #expect(try await client.call("read_pipeline", ["Id": id])["Pipeline"] == answer["Pipeline"])
        let job = JSON.string(try await bench.jobID(id.string ?? ""))
        #expect(
            try await client.pages("list_jobs_by_pipeline", ["PipelineId": id])[0]["Jobs"]?.elements.count
                == 1
        )
        #expect(try await client.pages("list_jobs_by_status", ["Status": "Error"])[0]["Jobs"] == [])
        #expect(try await client.call("cancel_job", ["Id": job]) == [:])
        answer = try await client.call("create_preset", .object(APIBench.preset))
        #expect(answer["Warning"] == "")
        let preset = try #require(answer["Preset"]?["Id"])
        #expect(try await client.call("read_preset", ["Id": preset])["Preset"] == answer["Preset"])
        let pages = try await client.pages("list_presets")
        #expect(pages.map { $0["Presets"]?.elements.count } == [50, 13])
        #expect(try await client.call("delete_preset", ["Id": preset]) == [:])
        answer = try await client.call(
            "test_role",
            ["Role": .string(APIBench.role), "InputBucket": "no", "OutputBucket": "out", "Topics": []]
        )
        #expect(answer["Success"] == "false" && answer["Messages"]?.elements.count == 1)
        #expect(
            try await client.pages("list_pipelines", ["Ascending": "true"])[0]["Pipelines"]?.elements.count
                == 1
        )
        #expect(try await client.call("delete_pipeline", ["Id": id]) == [:])
    }

    @Test("Errors are the exceptions that clients catch", arguments: BotoClient.Generation.available)
    func fails(generation: BotoClient.Generation) async throws {
        let client = try BotoClient(generation, bench.api, checksArguments: false)
        let cases: [(String, JSON, String, Double)] = [
            ("read_job", ["Id": "x"], "ValidationException", 400),
            ("read_job", ["Id": "1111111111111-aaaaaa"], "ResourceNotFoundException", 404),
            ("read_pipeline", ["Id": "a b/c"], "ValidationException", 400),
            ("delete_preset", ["Id": .string(APIBench.web)], "AccessDeniedException", 403),
            ("create_pipeline", ["Name": "p"], "ValidationException", 400),
            ("list_jobs_by_status", ["Status": "Done"], "ValidationException", 400),
        ]
        for (operation, arguments, type, status) in cases {
            let error = await #expect(throws: BotoClient.Refusal.self) {
                try await client.call(operation, arguments)
            }
            #expect(error?.type == type && error?.status == status && error?.message.isEmpty == false)
        }
        let error = await #expect(throws: BotoClient.Refusal.self) {
            try await client.call(
                "create_pipeline",
                ["Name": "p", "Role": .string(APIBench.role), "OutputBucket": "o"]
            )
        }
        #expect(
            error?.message
                == "1 validation error detected: Value null at 'inputBucket' failed to satisfy constraint: "
                + "Member must not be null"
        )
    }

    @Test("A job that failed ends the wait at once", arguments: BotoClient.Generation.available)
    func waits(generation: BotoClient.Generation) async throws {
        let client = try BotoClient(generation, bench.api)
        let id = try await bench.jobID(try await bench.pipeline())
        try await bench.change(id) { job in
            let error = JobError(code: "input.missing", message: "", isRetryable: false)
            job = job.ended(now: Date(), error: error)
        }
        let error = await #expect(throws: BotoClient.Refusal.self) {
            try await client.wait("job_complete", ["Id": .string(id)])
        }
        #expect(error?.code == "WaiterError" && error?.message.contains("terminal failure") == true)
    }

    @Test(
        "Boto 2, which insists on every status, gets the answers it waits for",
        .enabled(if: Python.hasBoto2)
    )
    func servesBoto2() async throws {
        let client = try BotoClient(.ancient, bench.api)
        let made = try await client.call(
            "create_pipeline",
            [
                "name": "p", "input_bucket": "in", "output_bucket": "out", "role": .string(APIBench.role),
                "notifications": ["Progressing": "", "Completed": "", "Warning": "", "Error": ""],
            ]
        )
        let pipeline = try #require(made["Pipeline"]?["Id"])
        let job = try await client.call(
            "create_job",
            [
                "pipeline_id": pipeline, "input_name": ["Key": "a.mov", "Container": "auto"],
                "outputs": [["Key": "a.mp4", "PresetId": .string(APIBench.web)]], "output_key_prefix": "o/",
            ]
        )
        let id = try #require(job["Job"]?["Id"])
        #expect(try await client.call("read_job", ["id": id]) == job)
        for (operation, arguments, member) in [
            ("list_jobs_by_pipeline", ["pipeline_id": pipeline, "ascending": "true"], "Jobs"),
            ("list_jobs_by_status", ["status": "Submitted"], "Jobs"), ("list_pipelines", [:], "Pipelines"),
        ] as [(String, JSON, String)] {
            #expect(try await client.call(operation, arguments)[member]?.elements.count == 1)
        }
        let status = try await client.call("update_pipeline_status", ["id": pipeline, "status": "Paused"])
        #expect(status["Pipeline"]?["Status"] == "Paused")
        #expect(
            try await client.call("update_pipeline", ["id": pipeline, "name": "q"])["Pipeline"]?["Name"]
                == "q"
        )
        _ = try await client.call("update_pipeline_notifications", ["id": pipeline, "notifications": [:]])
        #expect(
            try await client.call("read_preset", ["id": .string(APIBench.web)])["Preset"]?["Type"] == "System"
        )
        #expect(try await client.call("list_presets")["NextPageToken"] != .null)
        let preset = try await client.call(
            "create_preset",
            [
                "name": "mine", "container": "mp4", "description": "d", "thumbnails": [:],
                "video": APIBench.preset["Video"] ?? .null, "audio": APIBench.preset["Audio"] ?? .null,
            ]
        )
        _ = try await client.call("delete_preset", ["id": preset["Preset"]?["Id"] ?? .null])
        let role = try await client.call(
            "test_role",
            ["role": .string(APIBench.role), "input_bucket": "in", "output_bucket": "out", "topics": []]
        )
        #expect(role["Success"] == "true")
        let inUse = await #expect(throws: BotoClient.Refusal.self) {
            try await client.call("delete_pipeline", ["id": pipeline])
        }
        #expect(inUse?.type == "ResourceInUseException" && inUse?.status == 409)
        _ = try await client.call("cancel_job", ["id": id])
        _ = try await client.call("delete_pipeline", ["id": pipeline])
        let error = await #expect(throws: BotoClient.Refusal.self) {
            try await client.call("read_pipeline", ["id": pipeline])
        }
        #expect(
            error?.type == "ResourceNotFoundException" && error?.message.contains("was not found") == true
        )
    }
}
