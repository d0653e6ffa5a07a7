import Foundation
import TestMedia
import TestServers
import Testing

@Suite("The service as a process of its own", .serialized, .timeLimit(.minutes(5)))
struct ServeTests {
    private let workplace: Workplace

    init() throws { workplace = try Workplace() }

    /// Starts the service, and returns it with its address.
    private func serve(
        _ more: [String] = [],
        at place: Workplace? = nil
    ) async throws -> (RunningTool, String) {
        let tool = try (place ?? workplace).start(["serve", "--listen", "127.0.0.1:0"] + more)
        _ = try await until(30) { tool.outputText.hasSuffix("\n") || !tool.isRunning }
        let address = try #require(
            tool.outputText.wholeMatch(of: #/listening on (http://127\.0\.0\.1:\d+)\n/#),
            "\(tool.errorText)"
        )
        return (tool, String(address.1))
    }

    private func curl(_ arguments: [String]) async throws -> String {
        let curl = try Tool("/usr/bin/curl").start(["-s", "--max-time", "60"] + arguments)
        return try await curl.end(limit: 70).outputText
    }

    /// Lets `edu` sign in with the password `geheim`.
    private func addUser(at place: Workplace? = nil) async throws {
        let added = try await (place ?? workplace).run(
            ["user", "add", "edu", "--password-stdin"],
            input: Data("geheim\n".utf8)
        )
        #expect(added.status == 0, "\(added.errorText)")
    }

    private func key() async throws -> [String: String] {
        let result = try await workplace.run(["key", "add"])
        return try JSONDecoder().decode([String: String].self, from: result.output)
    }

    /// Runs a script of boto3 that knows the service from the model the program writes.
    private func boto(
        _ script: String,
        _ address: String,
        _ key: [String: String]
    ) async throws -> Tool.Result {
        let models = workplace.workspace.path("models")
        _ = try await workplace.run(["sdk-model", models])
        let python = Tool(Samples.packageRoot.appendingPathComponent(".venv/bin/python3").path)
        let environment = ProcessInfo.processInfo.environment.merging([
            "AWS_DATA_PATH": models, "AWS_ACCESS_KEY_ID": key["accessKeyId"] ?? "",
            "AWS_SECRET_ACCESS_KEY": key["secretAccessKey"] ?? "", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]) { $1 }
        return try await python.start(["-c", script, address], environment: environment).end(limit: 120)
    }

    @Test("A client of Elastic Transcoder makes a pipeline and a job, and waits for its output")
    func transcodes() async throws {
        let (tool, address) = try await serve()
        let bucket = workplace.workspace.url("data/buckets/media")
        let input = bucket.appendingPathComponent("phone/clip.mp4")
        try FileManager.default.createDirectory(
            at: input.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(atPath: Samples.path("phone-portrait.mp4"), toPath: input.path)
        let script = """
            import boto3, json, sys
            client = boto3.client('elastictranscoder', endpoint_url=sys.argv[1])
            made = client.create_pipeline(Name='p', InputBucket='media', OutputBucket='media',
                                          Role='arn:aws:iam::000000000000:role/Elastic_Transcoder')
            key = 'phone/clip.mp4'
            job = client.create_job(PipelineId=made['Pipeline']['Id'], Input={'Key': key},
                                    Outputs=[{'Key': 'api/' + key, 'PresetId': '1351620000001-100070'}],
                                    OutputKeyPrefix='output/')['Job']
            client.get_waiter('job_complete').wait(Id=job['Id'], WaiterConfig={'Delay': 1})
            print(json.dumps(client.read_job(Id=job['Id'])['Job']['Output']))
            """
        let result = try await boto(script, address, try await key())
        #expect(result.status == 0, "\(result.errorText) \(tool.errorText.suffix(2000))")
        let output = try #require(
            try JSONSerialization.jsonObject(with: result.output) as? [String: Any]
        )
        #expect(output["Status"] as? String == "Complete")
        let file = bucket.appendingPathComponent("output/api/phone/clip.mp4")
        let probe = try Tool.ffprobe.output([
            "-v", "error", "-select_streams", "v", "-show_entries", "stream=codec_name,width", "-of",
            "csv=p=0", file.path,
        ])
        let width = output["Width"] as? Int ?? 0
        #expect(String(decoding: probe, as: UTF8.self) == "h264,\(width)\n")
        tool.terminate()
        #expect(try await tool.end(limit: 40).status == 0)
    }

    @Test("A key that nobody made is refused as Amazon refuses it, unless signatures do not count")
    func refusesKeys() async throws {
        let script = """
            import boto3, botocore.exceptions, sys
            client = boto3.client('elastictranscoder', endpoint_url=sys.argv[1])
            try:
                print(len(client.list_pipelines()['Pipelines']))
            except botocore.exceptions.ClientError as error:
                print(error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'])
            """
        let stranger = ["accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "x"]
        let (strict, address) = try await serve()
        let refused = try await boto(script, address, stranger)
        #expect(refused.outputText == "UnrecognizedClientException 403\n", "\(refused.errorText)")
        strict.terminate()
        #expect(try await strict.end(limit: 40).status == 0)
        let (open, other) = try await serve(["--insecure-accept-any-signature", "--no-worker"])
        #expect(try await boto(script, other, stranger).outputText == "0\n")
        #expect(open.errorText.contains("signatures are not verified"))
        open.terminate()
        #expect(try await open.end(limit: 40).status == 0)
    }

    @Test("Users that were added sign in, and the old rule holds only where it was asked for")
    func knowsUsers() async throws {
        try await addUser()
        let (strict, address) = try await serve(["--no-worker"])
        let code = ["-o", "/dev/null", "-w", "%{http_code}"]
        #expect(try await curl(code + ["-u", "edu:geheim", "\(address)/hello"]) == "200")
        #expect(try await curl(code + ["-u", "ana:ana", "\(address)/hello"]) == "403")
        #expect(try await curl(code + ["\(address)/hello"]) == "401")
        #expect(try await curl(code + ["\(address)/app"]) == "200")
        #expect(try await curl(code + ["\(address)/readyz"]) == "200")
        strict.terminate()
        #expect(try await strict.end(limit: 40).status == 0)
        #expect(!strict.errorText.contains("geheim"))
        let (old, other) = try await serve(["--no-worker", "--legacy-auth"])
        #expect(try await curl(code + ["-u", "ana:ana", "\(other)/hello"]) == "200")
        #expect(try await curl(code + ["-u", ":", "\(other)/hello"]) == "403")
        #expect(old.errorText.contains("--legacy-auth"))
        old.terminate()
        _ = try await old.end(limit: 40)
    }

    @Test(
        "What would be unsafe or cannot work ends with 2 and says why",
        arguments: [
            (["--listen", "0.0.0.0:0", "--insecure-accept-any-signature"], "loopback"),
            (["--listen", "nonsense"], "an address and a port"),
            (["--listen", "127.0.0.1:65536"], "an address and a port"),
            (["--backend", "aws", "--input-bucket", "media"], "RECAST_QUEUE_URL"),
        ]
    )
    func refusesUsage(arguments: [String], reason: String) async throws {
        let result = try await workplace.run(["serve"] + arguments)
        #expect(result.status == 2)
        #expect(result.errorText.contains(reason), "\(result.errorText)")
        #expect(result.outputText.isEmpty)
    }

    @Test("A service that waits holds less than 60 MB, and answers as before")
    func isSmall() async throws {
        let (tool, address) = try await serve(["--no-worker"])
        func residentKilobytes() -> Int {
            let status =
                (try? String(contentsOfFile: "/proc/\(tool.processIdentifier)/status", encoding: .utf8))
                ?? ""
            return status.firstMatch(of: #/VmRSS:\s+(\d+)/#).flatMap { Int($0.1) } ?? .max
        }
        #expect(try await until(30) { residentKilobytes() < 60_000 }, "\(residentKilobytes())")
        #expect(try await curl([address + "/"]) == #"{"hello":"world"}"#)
        tool.terminate()
        #expect(try await tool.end(limit: 30).status == 0)
    }

    @Test("A port that is taken ends with 6, one line, and no address")
    func refusesTakenPorts() async throws {
        let listener = try LocalListener()
        let result = try await workplace.run(["serve", "--listen", "127.0.0.1:\(listener.port)"])
        #expect(result.status == 6)
        #expect(result.outputText.isEmpty)
        #expect(result.errorLines.filter { !$0.hasPrefix("{") }.count == 1, "\(result.errorText)")
    }

    @Test("An address that others reach is warned of when nobody could sign in")
    func warnsOfNobody() async throws {
        let tool = try workplace.start(["serve", "--listen", "0.0.0.0:0", "--no-worker"])
        #expect(try await until(30) { tool.outputText.hasSuffix("\n") })
        #expect(tool.errorText.contains("nobody can sign in"))
        tool.terminate()
        #expect(try await tool.end(limit: 40).status == 0)
    }

    @Test("On AWS a form uploads to S3, and what becomes of it is read from there")
    func servesAWS() async throws {
        let aws = try await AWSWorkplace()
        try await addUser(at: aws.place)
        let (tool, address) = try await serve(at: aws.place)
        #expect(try await curl(["\(address)/readyz"]) == #"{"status":"ok"}"#)
        let text = try await curl(["\(address)/presignedurl/p/0?mail=a@b.c"])
        let form = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        )
        let fields = try #require(form["fields"] as? [String: String])
        var post = ["-w", "%{http_code}", form["url"] as? String ?? ""]
        for (name, value) in fields { post += ["-F", "\(name)=\(value)"] }
        post += ["-F", "file=@\(Samples.path("phone-portrait.mp4"))"]
        #expect(try await curl(post).hasSuffix("204"))
        let signIn = ["-u", "edu:geheim"]
        var output = ""
        let isComplete = try await until(90) {
            let jobs = try JSON(text: try await curl(signIn + ["\(address)/api/jobs"]))
            output = jobs["jobs"]?.elements.first?["outputs"]?.elements.first?["url"]?.string ?? ""
            return !output.isEmpty
        }
        #expect(isComplete, "\(tool.errorText.suffix(3000))")
        let file = workplace.workspace.path("output.mp4")
        let code = try await curl(signIn + ["-o", file, "-w", "%{http_code}", "\(address)\(output)"])
        #expect(code == "200")
        let probe = try Tool.ffprobe.output([
            "-v", "error", "-select_streams", "v", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
            file,
        ])
        #expect(String(decoding: probe, as: UTF8.self) == "h264\n")
        tool.terminate()
        #expect(try await tool.end(limit: 40).status == 0)
    }

    @Test("Five seconds after a running job is cancelled its engine is gone, and no output is there")
    func freesTheProcessor() async throws {
        try await addUser()
        let clip = try ClipRecipe(width: 1280, height: 720, seconds: 5).make(
            workplace.workspace.url("long.mp4"),
            loops: 40
        )
        let (tool, address) = try await serve()
        try workplace.drop(clip, "a/long.mp4")
        var job: JSON = [:]
        let isRunning = try await until(60) {
            job = try workplace.jobs()["a/long.mp4"]?.first ?? [:]
            return job["progress"]?.number ?? 0 > 0
        }
        #expect(isRunning, "\(tool.errorText.suffix(2000))")
        let engine = try #require(tool.busyEngines.first)
        // Its own process keeps the time: timers here wait while other tests hold the threads.
        let script = """
            import pathlib, sys, time, urllib.request
            asked = time.monotonic()
            headers = {'Authorization': 'Basic ZWR1OmdlaGVpbQ==', 'X-Recast': '1'}
            request = urllib.request.Request(sys.argv[1], b'', headers)
            assert urllib.request.urlopen(request).status == 202
            try:
                while pathlib.Path('/proc', sys.argv[2], 'cmdline').read_bytes():
                    assert time.monotonic() < asked + 30
                    time.sleep(0.01)
            except (FileNotFoundError, ProcessLookupError):
                pass
            print(time.monotonic() - asked)
            """
        let id = job["id"]?.string ?? ""
        let watch = try Tool("python3").start([
            "-c", script, "\(address)/api/jobs/\(id)/cancel", "\(engine)",
        ])
        let watched = try await watch.end(limit: 60)
        let seconds = Double(watched.outputText.dropLast())
        #expect(seconds ?? .infinity < 5, "\(watched.outputText) \(watched.errorText)")
        let isCanceled = try await until(30) {
            try workplace.jobs()["a/long.mp4"]?.first?["status"]?.string == "Canceled"
        }
        #expect(isCanceled)
        #expect(workplace.files(below: "buckets/media") == ["a/long.mp4"])
        tool.terminate()
        #expect(try await tool.end(limit: 40).status == 0)
    }

    private static var schemathesis: Tool {
        Tool(Samples.packageRoot.appendingPathComponent(".venv/bin/schemathesis").path)
    }

    @Test(
        "No request that the API's description allows, or nearly, is answered with 500",
        .enabled(if: FileManager.default.isExecutableFile(atPath: schemathesis.path))
    )
    func survivesFuzzing() async throws {
        try await addUser()
        let (tool, address) = try await serve(["--no-worker"])
        let fuzzer = try Self.schemathesis.start(
            [
                "run", "\(address)/openapi.json", "-a", "edu:geheim", "-H", "X-Recast: 1",
                "--exclude-path",
                "/api/events", "--checks",
                "not_a_server_error,status_code_conformance,response_schema_conformance",
                "--max-examples", "20", "--phases", "coverage,fuzzing", "--generation-deterministic",
            ]
        )
        let result = try await fuzzer.end(limit: 200)
        #expect(result.status == 0, "\(result.outputText.suffix(4000))")
        tool.terminate()
        #expect(try await tool.end(limit: 40).status == 0)
    }
}
