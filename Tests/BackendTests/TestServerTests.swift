import Foundation
import TestMedia
import TestServers
import Testing

@Suite("The servers that tests run against")
struct TestServerTests {
    /// Starts a server: the arguments of a program that begins so are serve.py, the server's name, and its own.
    private static let start = """
        import glob, json, os, subprocess, sys, time
        serve = subprocess.Popen(
            [sys.executable, *sys.argv[1:3]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        address = json.loads(serve.stdout.readline())

        """

    @Test(
        "A server lets in the key it names, and no other secret",
        arguments: [TestServer.seaweedFS, .ministack]
    )
    func checksSignatures(server: TestServer) async throws {
        let environment = try await ServerRoom.shared.environment(s3: server)
        let bucket = uniqueName("signed")
        let boto = try Boto(environment: environment)
        try await boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        let intruder = try Boto(
            environment: environment.merging(["AWS_SECRET_ACCESS_KEY": "wrong"]) { $1 }
        )
        await #expect(throws: Boto.Refusal.self) {
            try await intruder.call("s3", "list_objects_v2", ["Bucket": .string(bucket)])
        }
        await #expect(throws: Boto.Refusal.self) { try await intruder.call("sqs", "list_queues", [:]) }
        await #expect(throws: Boto.Refusal.self) { try await intruder.call("dynamodb", "list_tables", [:]) }
    }

    @Test("A server ends when the process that started it does, however it dies")
    func endsWithItsUser() async throws {
        let program = """
            server = open(f"/proc/{serve.pid}/task/{serve.pid}/children").read().split()[0]
            serve.kill() if sys.argv[3] == "kill" else serve.stdin.close()
            deadline = time.time() + 20
            while time.time() < deadline:
                try:
                    state = open(f"/proc/{server}/stat").read().rsplit(")", 1)[1].split()[0]
                except OSError:
                    state = "gone"
                if state in ("gone", "Z"):
                    sys.exit(0)
                time.sleep(0.05)
            sys.exit("the server still runs")
            """
        for manner in ["close", "kill"] {
            let serve = Python.programs.appendingPathComponent("serve.py").path
            // A server that was killed cannot remove its folder.
            let workspace = try Workspace()
            let result = try await Python.run(
                source: Self.start + program,
                [serve, "ministack", manner],
                environment: ["TMPDIR": workspace.folder.path]
            )
            #expect(result.status == 0, "\(manner): \(result.errorText)")
        }
    }

    @Test("SeaweedFS takes its sockets along when it ends")
    func leavesNoSockets() async throws {
        let program = """
            port = address["endpoint"].rsplit(":", 1)[1]
            if not os.path.exists(f"/tmp/seaweedfs-s3-{port}.sock"):
                sys.exit("it has no socket where it is looked for")
            serve.stdin.close()
            serve.wait(20)
            sys.exit(" ".join(glob.glob(f"/tmp/seaweedfs-*-{port}.sock")) or 0)
            """
        let serve = Python.programs.appendingPathComponent("serve.py").path
        let result = try await Python.run(source: Self.start + program, [serve, "seaweedfs"])
        #expect(result.status == 0, "\(result.errorText)")
    }

    @Test("boto3 carries bytes both ways, and its refusals by their codes")
    func carriesBytes() async throws {
        let boto = try await ServerRoom.shared.boto()
        let bucket = uniqueName("bytes")
        let data = Data([0, 1, 0xff, 0x0a, 0x80])
        try await boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        try await boto.call(
            "s3",
            "put_object",
            ["Bucket": .string(bucket), "Key": "é/a b", "Body": .bytes(data)]
        )
        let found = try await boto.call("s3", "get_object", ["Bucket": .string(bucket), "Key": "é/a b"])
        #expect(found["Body"]?.data == data)
        #expect(found["ContentLength"]?.number == 5)
        let refusal = await #expect(throws: Boto.Refusal.self) {
            try await boto.call("s3", "get_object", ["Bucket": .string(bucket), "Key": "absent"])
        }
        #expect(refusal?.code == "NoSuchKey")
    }
}
