import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import TestMedia
import TestServers
import Testing
import Transcoding

extension WorkerNetworkTests {
    private static let id = "1790000000000-aaaaaa"

    /// A client's job, stored.
    private func storeJob(_ id: String = Self.id, key: String) async throws -> Job {
        try await backend.metadata.insert(
            Job(
                id: id,
                pipelineID: "p",
                identity: nil,
                origin: .api,
                input: Job.Input(bucket: bucket, key: key),
                outputBucket: bucket,
                outputKeyPrefix: "output/web/",
                outputs: [Job.Output(id: "1", key: key, presetID: "web")],
                submitted: Date()
            )
        )
    }

    private func job(_ id: String = Self.id) async throws -> Job {
        try #require(await backend.metadata.job(id))
    }

    // MARK: - Versions

    @Test("An input that is replaced in the middle of its download: the output is of the new one alone")
    func neverMixesVersions() async throws {
        let first = try makeBulkyClip("first.mov")
        let second = try ClipRecipe(width: 320, height: 180, seconds: 2).make(workspace.url("second.mp4"))
        // What the second one by itself becomes.
        try await backend.queue.send(try await upload(second, "clean.mp4"), delay: 0)
        await worker().run()
        try await backend.queue.send(try await upload(first, "a.mp4"), delay: 0)
        let isReplaced = Mutex(false)
        let queue = backend.queue
        let replacing: JobRunner.Engine = { request, input, output, onProgress throws(EngineFailure) in
            let input = InterruptedInput(input: input) { range in
                // Behind what is read ahead, so that there is more to come.
                guard range.lowerBound > 20 << 20 else { return }
                let isFirst = isReplaced.withLock { isReplaced in
                    defer { isReplaced = true }
                    return !isReplaced
                }
                if isFirst {
                    try await queue.send(try await upload(second, "a.mp4", sequencer: "02"), delay: 0)
                }
            }
            return try await Self.engine(request, input, output, onProgress)
        }
        await worker(engine: replacing).run()
        #expect(isReplaced.withLock { $0 })
        let jobs = try await backend.metadata.jobs(.all, ascending: true, after: nil, limit: 100).items
        let statuses = jobs.filter { $0.input.key == "a.mp4" }.map { ($0.input.sequencer, $0.status) }
        #expect(statuses.count == 2)
        #expect(
            statuses.contains { $0 == ("01", .canceled) } && statuses.contains { $0 == ("02", .complete) }
        )
        let isSame = try await object("output/web/a.mp4") == object("output/web/clean.mp4")
        #expect(isSame)
        try await expectNoUploads()
    }

    @Test(
        "A client's job fails where an output is, and the output stays as it was",
        arguments: [TestServer.seaweedFS, .ministack]
    )
    func keepsOutput(server: TestServer) async throws {
        let boto = try await ServerRoom.shared.boto(s3: server)
        if server != .seaweedFS {
            try await boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        }
        for key in ["a.mp4", "output/web/a.mp4"] {
            let object: JSON = [
                "Bucket": .string(bucket), "Key": .string(key), "Body": .bytes(Data("x".utf8)),
            ]
            try await boto.call("s3", "put_object", object)
        }
        let place: JSON = ["Bucket": .string(bucket), "Key": "output/web/a.mp4"]
        let before = try await boto.call("s3", "head_object", place)
        let job = try await storeJob(key: "a.mp4")
        try await backend.queue.send(JobEvent.message(forJob: job.id), delay: 0)
        let address = try await ServerRoom.shared.address(of: server)
        await worker(Self.store(at: address.endpoint, address)).run()
        let ended = try await self.job()
        #expect(ended.status == .error && ended.error?.code == "output.exists")
        let after = try await boto.call("s3", "head_object", place)
        #expect(after["ETag"] == before["ETag"] && after["LastModified"] == before["LastModified"])
    }

    @Test(
        "Where a bucket is missing, the job's error says which",
        arguments: [TestServer.seaweedFS, .ministack]
    )
    func tellsBuckets(server: TestServer) async throws {
        let boto = try await ServerRoom.shared.boto(s3: server)
        if server != .seaweedFS {
            try await boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
        }
        let clip = try ClipRecipe(width: 160, height: 120, seconds: 1).make(workspace.url("in.mp4"))
        let body = try Data(contentsOf: URL(fileURLWithPath: clip))
        let object: JSON = ["Bucket": .string(bucket), "Key": "a.mp4", "Body": .bytes(body)]
        try await boto.call("s3", "put_object", object)
        var jobs = [
            try await storeJob(key: "a.mp4"), try await storeJob("1790000000000-bbbbbb", key: "a.mp4"),
            try await storeJob("1790000000000-cccccc", key: "gone.mp4"),
        ]
        jobs[0].outputBucket = "none-\(bucket)"
        jobs[1].input.bucket = "none-\(bucket)"
        for job in jobs {
            _ = try await backend.metadata.replace(job)
            try await backend.queue.send(JobEvent.message(forJob: job.id), delay: 0)
        }
        let address = try await ServerRoom.shared.address(of: server)
        await worker(Self.store(at: address.endpoint, address)).run()
        var codes: [String?] = []
        for job in jobs { codes.append(try await self.job(job.id).error?.code) }
        #expect(codes == ["output.no-bucket", "input.no-bucket", "input.missing"])
    }

    // MARK: - Cancelling

    @Test(
        "A job is cancelled while it waits and while it runs, which frees the processor, and not at its end"
    )
    func cancels() async throws {
        let clip = try ClipRecipe(width: 1280, height: 720, seconds: 5).make(
            workspace.url("in.mp4"),
            loops: 20
        )
        _ = try await upload(clip, "a.mp4")
        let ledger = JobLedger(store: backend.metadata, owner: "somebody", leaseSeconds: 60)
        _ = try await storeJob(key: "a.mp4")
        #expect(try await ledger.cancel(Self.id).status == .canceled)
        try await backend.queue.send(JobEvent.message(forJob: Self.id), delay: 0)
        await worker().run()
        let unbegun = try await job()
        #expect(unbegun.status == .canceled && unbegun.attempt == 0)

        _ = try await ledger.retry(Self.id)
        try await backend.queue.send(JobEvent.message(forJob: Self.id), delay: 0)
        // Other tests have engines of their own.
        let program = workspace.url("recast-to-cancel")
        try FileManager.default.createSymbolicLink(
            atPath: program.path,
            withDestinationPath: Tool.recast.path
        )
        let engine: JobRunner.Engine = { request, input, output, onProgress throws(EngineFailure) in
            try await EngineProcess(executable: program.path)
                .run(request, input: input, output: output, onProgress: onProgress)
        }
        let life = Task { await worker(engine: engine).run() }
        #expect(try await until(60) { try await job().progress ?? 0 > 0.01 })
        let running = try await job()
        #expect(running.status == .progressing && running.input.detected?.width == 1280)
        #expect(Self.engines(of: program).count == 1)
        #expect(try await ledger.cancel(Self.id).isCancelRequested)
        #expect(try await until(60) { Self.engines(of: program).isEmpty })
        await life.value
        let canceled = try await job()
        #expect(canceled.status == .canceled && canceled.progress ?? 1 < 0.9)
        try await expectNoUploads()
        let listing = try await boto.call("s3", "list_objects_v2", ["Bucket": .string(bucket)])
        #expect(listing["Contents"]?.elements.map { $0["Key"]?.string } == ["a.mp4"])

        let short = try ClipRecipe(width: 160, height: 120, seconds: 1).make(workspace.url("short.mp4"))
        _ = try await upload(short, "a.mp4")
        _ = try await ledger.retry(Self.id)
        try await backend.queue.send(JobEvent.message(forJob: Self.id), delay: 0)
        await worker().run()
        let made = try await job()
        #expect(made.status == .complete && made.progress == 1)
        await #expect { try await ledger.cancel(Self.id) } throws: { error in
            (error as? BackendError)?.code == .conflict
        }
    }

    /// The engines that run the program of that name.
    private static func engines(of program: URL) -> [Int32] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { Int32($0) }.filter { process in
            let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            return command.starts(with: Data("\(program.lastPathComponent)\0engine\0".utf8))
        }
    }

    // MARK: - Poison

    @Test("A file on which decoders crash, among twenty good ones, takes a tenth of the time at most")
    func losesLittleToPoison() async throws {
        let clip = try ClipRecipe(width: 640, height: 360, seconds: 2).make(workspace.url("in.mp4"))
        let long = try ClipRecipe(width: 640, height: 360, seconds: 20).make(workspace.url("long.mp4"))
        let crashing = try makeCrashingEngine()
        let engine: JobRunner.Engine = { request, input, output, onProgress throws(EngineFailure) in
            guard request.inputName.hasSuffix("poison.mp4") else {
                return try await Self.engine(request, input, output, onProgress)
            }
            return try await EngineProcess(executable: crashing).run(request, input: input, output: output)
        }
        for number in 0..<20 {
            try await backend.queue.send(try await upload(clip, "good\(number).mp4"), delay: 0)
            if number == 7 { try await backend.queue.send(try await upload(long, "poison.mp4"), delay: 0) }
        }
        let seconds = Mutex<[JobStatus: Double]>([:])
        let start = ContinuousClock.now
        await worker(
            concurrency: 2,
            observer: { seen in seconds.withLock { $0[seen.status, default: 0] += seen.workSeconds } },
            engine: engine
        ).run()
        let wall = ContinuousClock.now - start
        let jobs = try await backend.metadata.jobs(.all, ascending: true, after: nil, limit: 100).items
        #expect(jobs.count { $0.status == .complete } == 20)
        let poison = try #require(jobs.first { $0.status != .complete })
        #expect(poison.status == .error && poison.error?.code == "engine.crashed" && poison.attempt == 1)
        let all = seconds.withLock { $0 }
        let (good, bad) = (all[.complete] ?? 0, all[.error] ?? 0)
        print("poison: \(bad) s of \(good + bad) s of work in \(wall)")
        #expect(bad > 0.6 && bad / (good + bad) <= 0.1, "\(bad) s of \(good + bad) s")
    }

    /// An engine that works for a while and then dies as a decoder does.
    private func makeCrashingEngine() throws -> String {
        let script = """
            #!/bin/bash
            # Swift's own handler would ask a debugger, and go on.
            export SWIFT_BACKTRACE=enable=no
            exec -a recast-crash '\(Tool.recast.path)' engine <&0 & engine=$!
            /bin/sleep 0.3; kill -SEGV $engine; wait $engine
            """
        let path = workspace.path("crashing")
        try Data(script.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }
}

/// Hands on what another input has, and tells of each read before.
private struct InterruptedInput: AsyncInput {
    let input: any AsyncInput
    let before: @Sendable (Range<Int64>) async throws -> Void

    var byteCount: Int64 { input.byteCount }

    func read(_ range: Range<Int64>) async throws -> Data {
        try await before(range)
        return try await input.read(range)
    }
}
