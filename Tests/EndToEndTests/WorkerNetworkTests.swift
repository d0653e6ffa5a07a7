import AWSBackend
import AWSSignature
import Foundation
import IsolatedEngine
import Jobs
import Logging
import TestBackends
import TestMedia
import TestServers
import Testing
import Transcoding

/// A worker whose objects are in SeaweedFS, behind a network that fails as a test says.
@Suite("A worker over a network that fails", .serialized, .timeLimit(.minutes(5)))
struct WorkerNetworkTests {
    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let lateError = """
        <?xml version="1.0" encoding="UTF-8"?>
        <Error><Code>InternalError</Code><Message>try again</Message></Error>
        """

    let proxy: FaultProxy
    let boto: Boto
    /// Through the proxy.
    let objects: S3ObjectStore
    let bucket = "worker-\(UUID().uuidString.lowercased())"
    let backend = InMemoryBackend(buckets: [])
    let workspace: Workspace

    init() async throws {
        let address = try await ServerRoom.shared.address(of: .seaweedFS)
        boto = try await ServerRoom.shared.boto()
        proxy = try await FaultProxy.start(before: address.endpoint)
        workspace = try Workspace()
        objects = Self.store(at: proxy.endpoint, address)
        try await boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
    }

    static func store(at endpoint: String, _ address: ServerAddress) -> S3ObjectStore {
        let key = Credentials(
            accessKeyID: address.accessKeyID,
            secretAccessKey: address.secretAccessKey
        )
        return S3ObjectStore(
            client: AWSClient(
                configuration: AWSConfiguration(
                    region: ServerRoom.region,
                    endpoints: [.s3: endpoint]
                ),
                credentials: FixedCredentials(key),
                log: log
            )
        )
    }

    /// Uploads `path`, and lets a worker make its rendition while the network fails as `rules` say.
    private func run(
        _ path: String,
        _ key: String,
        _ rules: [FaultProxy.Rule],
        engine: @escaping JobRunner.Engine = Self.engine
    ) async throws -> Job {
        try await backend.queue.send(try await upload(path, key), delay: 0)
        try await proxy.forgetRequests()
        try await proxy.use(rules)
        await worker(engine: engine).run()
        let jobs = try await backend.metadata.jobs(.all, ascending: false, after: nil, limit: 100).items
        return try #require(jobs.first { $0.input.key == key })
    }

    /// Uploads `path`, and returns the event that tells of it.
    func upload(_ path: String, _ key: String, sequencer: String = "01") async throws -> String {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let eTag = try await objects.write(
            data,
            to: ObjectLocation(bucket: bucket, key: key),
            attributes: ObjectAttributes(contentType: "video/mp4"),
            condition: .none
        )
        return """
            {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
              "bucket": {"name": "\(bucket)"}, "object": {
                "key": "\(key)", "size": \(data.count), "eTag": "\(eTag)", "sequencer": "\(sequencer)"}}}]}
            """
    }

    /// The engine under a name of its own: other suites count and kill the processes called `recast`.
    static let engine: JobRunner.Engine = { request, input, output, onProgress throws(EngineFailure) in
        try await EngineProcess(executable: namedEngine).run(
            request,
            input: input,
            output: output,
            onProgress: onProgress
        )
    }

    private static let namedEngine: String = {
        let link = FileManager.default.temporaryDirectory
            .appendingPathComponent("recast-network-test-\(ProcessInfo.processInfo.processIdentifier)")
        try? FileManager.default.removeItem(at: link)
        try? FileManager.default.createSymbolicLink(
            at: link,
            withDestinationURL: URL(fileURLWithPath: Tool.recast.path)
        )
        return link.path
    }()

    func worker(
        _ objects: (any ObjectStore)? = nil,
        endsWhenEmpty: Bool = true,
        concurrency: Int = 1,
        observer: @escaping JobObserver = { _ in },
        engine: @escaping JobRunner.Engine = Self.engine
    ) -> Worker {
        let objects = objects ?? self.objects
        let ledger = JobLedger(store: backend.metadata, owner: "worker", leaseSeconds: 60)
        let pipeline = Pipeline(id: "p", name: "p", inputBucket: bucket)
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        let outbox = Outbox(store: backend.metadata, notifier: backend.notifier)
        // With several threads no two runs of the encoder give the same bytes.
        var runnerSettings = JobRunner.Settings(spoolFolder: workspace.path("spool"))
        runnerSettings.threads = 1
        var settings = Worker.Settings()
        settings.endsWhenEmpty = endsWhenEmpty
        settings.concurrency = concurrency
        return Worker(
            queue: backend.queue,
            intake: JobIntake(objects: objects, store: backend.metadata, pipelines: [pipeline]),
            executor: JobExecutor(
                ledger: ledger,
                runner: JobRunner(
                    objects: objects,
                    ledger: ledger,
                    engine: engine,
                    presets: { name throws(TranscodingError) in try presets.preset(name) },
                    settings: runnerSettings
                ),
                outbox: outbox,
                queue: backend.queue,
                pipeline: { _ in pipeline },
                observer: observer
            ),
            outbox: outbox,
            settings: settings,
            log: Self.log
        )
    }

    /// What the network lets through once nothing fails; boto3 says how long it has to be.
    func object(_ key: String) async throws -> Data {
        try await proxy.use([])
        let head = try await boto.call(
            "s3",
            "head_object",
            ["Bucket": .string(bucket), "Key": .string(key)]
        )
        let location = ObjectLocation(bucket: bucket, key: key)
        let data = try await objects.read(location, range: 0..<1 << 30, eTag: nil)
        #expect(head["ContentLength"]?.number == Double(data.count))
        return data
    }

    func expectNoUploads() async throws {
        let answer = try await boto.call("s3", "list_multipart_uploads", ["Bucket": .string(bucket)])
        #expect(answer["Uploads"]?.elements ?? [] == [])
    }

    /// A clip of more than a hundred megabytes, which takes many reads.
    func makeBulkyClip(_ name: String) throws -> String {
        let path = workspace.path(name)
        let picture = "testsrc2=size=640x360:rate=30:duration=16,noise=alls=60:allf=t"
        let codec = ["-c:v", "mjpeg", "-q:v", "1", "-pix_fmt", "yuvj420p", "-f", "mov"]
        _ = try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture] + codec + [path]
        )
        return path
    }

    @Test("Of the connections that read the input every tenth breaks, which changes no bit of the output")
    func readsOverBrokenConnections() async throws {
        let clip = try makeBulkyClip("in.mov")
        #expect(try await run(clip, "clean.mov", []).status == .complete)
        let job = try await run(
            clip,
            "broken.mov",
            [.init(method: "GET", header: "Range", every: 10, action: .reset)]
        )
        #expect(job.status == .complete && job.attempt == 1)
        let reads = try await proxy.requests().filter { $0.method == "GET" }
        #expect(reads.count >= 20, "\(reads.count) reads")
        #expect(reads.count { $0.fault == "reset" } == reads.count / 10)
        let (clean, broken) = (
            try await object("output/web/clean.mov"), try await object("output/web/broken.mov")
        )
        let isSame = clean == broken
        #expect(isSame)
        let path = workspace.path("out.mp4")
        try broken.write(to: URL(fileURLWithPath: path))
        #expect(try Judge.decodeErrors(path) == [])
    }

    @Test("Twenty seconds in which nothing can be written delay the output, without a storm of requests")
    func writesAfterSlowDown() async throws {
        let clip = try ClipRecipe(width: 320, height: 180, seconds: 1).make(workspace.url("in.mp4"))
        let slow = "<Error><Code>SlowDown</Code></Error>"
        let job = try await run(
            clip,
            "slow.mp4",
            [.init(method: "PUT", seconds: 20, action: .answer(status: 503, body: slow))]
        )
        #expect(job.status == .complete, "\(String(describing: job.error))")
        #expect(
            try await object("output/web/slow.mp4").count == Int(job.outputs[0].rendition?.byteCount ?? 0)
        )
        let puts = try await proxy.requests().filter { $0.method == "PUT" }
        #expect(puts.count > 3)
        #expect(FaultProxy.busiestSecond(puts) <= 10)
    }

    @Test("A completion that answers 200 with an error inside is tried again, and the object is there once")
    func completesDespiteLateError() async throws {
        let clip = try ClipRecipe(width: 320, height: 180, seconds: 1).make(workspace.url("in.mp4"))
        let actions: [FaultProxy.Action] = [
            .answer(status: 200, body: Self.lateError), .replace(status: 200, body: Self.lateError), .lose,
        ]
        var output = Data((0..<4093).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 5) })
        while output.count < 9 << 20 { output += output }
        let whole = output
        for (number, action) in actions.enumerated() {
            let key = "late\(number).mp4"
            let job = try await run(
                clip,
                key,
                [.init(method: "POST", target: "uploadId=", first: 1, action: action)],
                engine: { request, input, place, onProgress throws(EngineFailure) in
                    // The real engine says what it made; the bytes are of a size that takes two parts.
                    let memory = DiscardedOutput()
                    let made = try await Self.engine(request, input, .streams([memory]), onProgress)
                    guard case .streams(let streams) = place else { return made }
                    let stream = streams[0]
                    do {
                        for start in stride(from: 100, to: whole.count, by: 1 << 20) {
                            let end = min(start + 1 << 20, whole.count)
                            try await stream.write(whole[start..<end], at: Int64(start))
                        }
                        try await stream.write(whole[..<100], at: 0)
                    } catch {
                        throw .output(error)
                    }
                    return made
                }
            )
            #expect(job.status == .complete, "\(action)")
            let isWhole = try await object("output/web/\(key)") == whole
            #expect(isWhole, "\(action)")
            #expect(try await proxy.requests().contains { $0.fault != nil }, "\(action)")
        }
        try await expectNoUploads()
    }
}

/// Takes an output's bytes and keeps none.
private struct DiscardedOutput: AsyncOutput {
    func write(_ data: Data, at offset: Int64) async throws {}
}
