import Foundation
import Jobs
import TestBackends
import TestServers
import Testing
import Transcoding

@Suite("Jobs")
struct JobTests {
    private let bench = APIBench()

    @Test("A new job is answered whole, with null for what is not known yet")
    func creates() async throws {
        let pipeline = try await bench.pipeline()
        let answer = try await bench.job(
            pipeline,
            [
                "Input": ["Key": "a.mov", "Container": "auto", "FrameRate": "auto"], "Output": .null,
                "Outputs": [
                    [
                        "Key": "a.mp4", "PresetId": .string(APIBench.web), "ThumbnailPattern": "",
                        "Rotate": "auto",
                    ],
                    ["Key": "b.mp4", "PresetId": .string(APIBench.web)],
                ],
                "OutputKeyPrefix": "web/", "UserMetadata": ["post": "7"],
            ]
        )
        #expect(answer.status == 201)
        let job = try #require(answer.body["Job"])
        let id = try #require(job["Id"]?.string)
        #expect(job["Arn"]?.string == "arn:aws:elastictranscoder:eu-west-1:123456789012:job/\(id)")
        #expect(job["Status"] == "Submitted" && job["OutputKeyPrefix"] == "web/" && job["Playlists"] == [])
        #expect(job["UserMetadata"] == ["post": "7"] && job["PipelineId"] == .string(pipeline))
        #expect(job["Input"] == job["Inputs"]?.elements.first && job["Inputs"]?.elements.count == 1)
        #expect(job["Input"]?["Container"] == "auto" && job["Input"]?["Interlaced"] == .null)
        #expect(job["Output"] == job["Outputs"]?.elements.first)
        let first = try #require(job["Output"])
        #expect(first["Id"] == "1" && first["ThumbnailPattern"] == "" && first["Rotate"] == "auto")
        #expect(first["Status"] == "Submitted" && first["Watermarks"] == [] && first["Duration"] == .null)
        #expect(job["Outputs"]?.elements.last?["Id"] == "2")
        #expect(job["Timing"]?["StartTimeMillis"] == .null)
        let submitted = try #require(job["Timing"]?["SubmitTimeMillis"]?.number)
        #expect((1_790_000_000_000...1_790_000_001_000).contains(submitted))
        #expect(try await bench.send("GET", "jobs/\(id)").body["Job"] == job)
        let stored = try #require(await bench.backend.metadata.job(id))
        #expect(stored.origin == .api && stored.identity == nil && stored.outputBucket == "out")
        let messages = try await bench.backend.queue.receive(limit: 10, wait: 0, visibility: 60)
        #expect(messages.map(\.body) == [JobEvent.message(forJob: id)])
    }

    @Test("A job that has ended shows what was found, what was made, and why not")
    func showsEnd() async throws {
        let pipeline = try await bench.pipeline()
        let id = try await bench.jobID(pipeline)
        try await bench.change(id) { job in
            job.input.byteCount = 9
            job.input.detected = Job.DetectedMedia(
                width: 1920,
                height: 1080,
                frameRate: 30_000.0 / 1001,
                durationMilliseconds: 2001
            )
            var rendition = Rendition(byteCount: 5_000_000_000, eTag: "e", durationMilliseconds: 2001)
            (rendition.width, rendition.height, rendition.frameRate) = (1280, 720, 25)
            job.outputs[0].status = .complete
            job.outputs[0].rendition = rendition
            var failed = Job.Output(id: "2", key: "b.mp4", presetID: "web", status: .error)
            failed.error = JobError(code: "output.exists", message: "", isRetryable: false)
            job.outputs.append(failed)
            job.started = Date(timeIntervalSince1970: 1_790_000_010)
            job = job.ended(now: Date(timeIntervalSince1970: 1_790_000_020.5))
        }
        let job = try #require(try await bench.send("GET", "jobs/\(id)").body["Job"])
        #expect(
            job["Input"]?["DetectedProperties"] == [
                "Width": 1920, "Height": 1080, "FrameRate": "29.97", "FileSize": 9, "DurationMillis": 2001,
            ]
        )
        let output = try #require(job["Output"])
        #expect(output["Duration"] == 3 && output["DurationMillis"] == 2001 && output["FrameRate"] == "25")
        #expect(output["Width"] == 1280 && output["Height"] == 720 && output["FileSize"] == 5_000_000_000)
        #expect(output["StatusDetail"] == .null)
        try await bench.change(id) { $0.outputs[0].rendition?.shortSeconds = 1 }
        let short = try #require(try await bench.send("GET", "jobs/\(id)").body["Job"]?["Output"])
        #expect(short["Status"] == "Complete")
        #expect(short["StatusDetail"]?.string?.contains("shorter than the specified duration") == true)
        let failed = try #require(job["Outputs"]?.elements.last)
        #expect(failed["Status"] == "Error" && failed["PresetId"] == .string(APIBench.web))
        let detail = try #require(failed["StatusDetail"]?.string)
        #expect(detail.hasPrefix("3002 ") && detail.hasSuffix(" bucket=out, key=b.mp4."))
        #expect(job["Status"] == "Error" && job["Timing"]?["FinishTimeMillis"] == 1_790_000_020_500)
    }

    @Test(
        "What the engine cannot do is refused by the name of its member",
        arguments: [
            ("Input", #"{"Key":"a","TimeSpan":{"Duration":"0"}}"#, "input.timeSpan.duration"),
            ("Input", #"{"Key":"a","Interlaced":"true"}"#, "input.interlaced"),
            ("Input", #"{"Key":"a","InputCaptions":{"MergePolicy":"Override"}}"#, "input.inputCaptions"),
            ("Input", #"{"Key":"a","Encryption":{"Mode":"aes-gcm"}}"#, "input.encryption"),
            ("Inputs", #"[{"Key":"a"},{"Key":"b"}]"#, "inputs.2.member"),
            ("Output", #"{"SegmentDuration":"10"}"#, "output.segmentDuration"),
            ("Output", #"{"ThumbnailPattern":"t-{count}"}"#, "output.thumbnailPattern"),
            ("Output", #"{"Rotate":"90"}"#, "output.rotate"),
            ("Output", #"{"Watermarks":[{"InputKey":"a.png"}]}"#, "output.watermarks"),
            ("Output", #"{"AlbumArt":{"MergePolicy":"Append"}}"#, "output.albumArt"),
            ("Output", #"{"Captions":{"CaptionFormats":[{"Format":"srt"}]}}"#, "output.captions"),
            ("Output", #"{"Encryption":{"Mode":"s3"}}"#, "output.encryption"),
            ("Output", #"{"Composition":[{},{"TimeSpan":{"Duration":"2"}}]}"#, "output.composition.2.member"),
            ("Playlists", #"[{"Name":"m","Format":"HLSv3","OutputKeys":["a.mp4"]}]"#, "playlists"),
        ]
    )
    func refusesInabilities(member: String, text: String, path: String) async throws {
        let pipeline = try await bench.pipeline()
        var value = try JSON(text: text)
        if member == "Output", case .object(let members) = value {
            let whole: [String: JSON] = ["Key": "a.mp4", "PresetId": .string(APIBench.web)]
            value = .object(whole.merging(members) { $1 })
        }
        var changes = [member: value]
        if member == "Inputs" { changes["Input"] = .null }
        let answer = try await bench.job(pipeline, changes)
        #expect(answer.status == 400 && answer.error == "ValidationException")
        #expect(answer.message.contains("at '\(path)'"), "\(answer.message)")
        #expect(answer.message.hasPrefix("1 validation error detected: "))
    }

    @Test("A part of the input is taken, stored and answered as it was written")
    func takesParts() async throws {
        let answer = try await bench.job(
            try await bench.pipeline(),
            [
                "Input": ["Key": "a", "TimeSpan": ["StartTime": "00:01:30.500", "Duration": "5"]],
                "Output": [
                    "Key": "a.mp4", "PresetId": .string(APIBench.web),
                    "Composition": [["TimeSpan": ["StartTime": "7.25"]]],
                ],
            ]
        )
        #expect(answer.status == 201, "\(answer.message)")
        let job = try #require(answer.body["Job"])
        #expect(job["Input"]?["TimeSpan"] == ["StartTime": "00:01:30.500", "Duration": "5"])
        let clip = job["Output"]?["Composition"]?.elements.first
        #expect(clip?["TimeSpan"]?["StartTime"] == "7.25" && clip?["TimeSpan"]?["Duration"] == .null)
    }

    @Test("Members that are there and say nothing are no reason to refuse")
    func acceptsEmpty() async throws {
        let answer = try await bench.job(
            try await bench.pipeline(),
            [
                "Input": ["Key": "a", "InputCaptions": ["CaptionSources": []], "Resolution": "auto"],
                "Output": [
                    "Key": "a.mp4", "PresetId": .string(APIBench.web), "Watermarks": [], "Captions": [:],
                    "Composition": [], "AlbumArt": .null, "Unheard": ["of": [1, 2]],
                ],
                "Playlists": [], "Unheard": true,
            ]
        )
        #expect(answer.status == 201, "\(answer.message)")
    }

    @Test("Contradictions, and what is missing, are refused")
    func refusesContradictions() async throws {
        let pipeline = try await bench.pipeline()
        let output: JSON = ["Key": "a.mp4", "PresetId": .string(APIBench.web)]
        let cases: [([String: JSON], String)] = [
            (["Inputs": [["Key": "b"]]], "[Input and Inputs are mutually exclusive.]"),
            (["Outputs": [output]], "[Output and Outputs are mutually exclusive.]"),
            (["Input": .null], "Value null at 'input' "), (["Input": [:]], "Value null at 'input.key' "),
            (["Output": .null], "Value null at 'output' "),
            (["Output": .null, "Outputs": []], "'outputs.1.member' "),
            (["Output": [:]], "Value null at 'output.presetId' "),
            (["Output": .null, "Outputs": [output, output]], "at 'outputs.2.member.key' "),
            (["UserMetadata": ["ü": "1"]], "at 'userMetadata.ü.key' "),
            (
                ["UserMetadata": ["a": .string(String(repeating: "1", count: 257))]],
                "at 'userMetadata.a.member' "
            ),
            (
                ["UserMetadata": .object(Dictionary(uniqueKeysWithValues: (0..<11).map { ("\($0)", "1") }))],
                "at 'userMetadata' "
            ),
            (
                [
                    "OutputKeyPrefix": .string(String(repeating: "é", count: 255)),
                    "Output": [
                        "Key": .string(String(repeating: "€", count: 255)), "PresetId": .string(APIBench.web),
                    ],
                ],
                "have at most 1024 bytes"
            ),
        ]
        for (changes, text) in cases {
            let answer = try await bench.job(pipeline, changes)
            #expect(answer.status == 400 && answer.message.contains(text), "\(answer.message) lacks \(text)")
        }
        #expect(await bench.backend.queue.depth().visible == 0)
    }

    @Test("Thirty outputs are a job, thirty-one are not")
    func countsOutputs() async throws {
        let pipeline = try await bench.pipeline()
        func outputs(_ count: Int) -> [String: JSON] {
            let outputs = (0..<count).map {
                ["Key": .string("\($0)"), "PresetId": .string(APIBench.web)] as JSON
            }
            return ["Output": .null, "Outputs": .array(outputs)]
        }
        #expect(try await bench.job(pipeline, outputs(30)).status == 201)
        let answer = try await bench.job(pipeline, outputs(31))
        #expect(answer.status == 400 && answer.message.contains("length less than or equal to 30"))
    }

    @Test("Pipelines and presets that are not there are said so in the service's words")
    func findsNothing() async throws {
        var answer = try await bench.job("1111111111111-aaaaaa")
        #expect(answer.status == 404 && answer.error == "ResourceNotFoundException")
        #expect(answer.message.hasSuffix("account=123456789012, pipelineId=1111111111111-aaaaaa."))
        let output: JSON = ["Key": "a", "PresetId": "1111111111111-bbbbbb"]
        answer = try await bench.job(try await bench.pipeline(), ["Output": output])
        #expect(answer.status == 404)
        #expect(
            answer.message
                == "The specified preset was not found: account=123456789012, presetId=1111111111111-bbbbbb"
        )
        answer = try await bench.send("GET", "jobs/1111111111111-cccccc")
        #expect(
            answer.message
                == "The specified job was not found: account=123456789012, jobId=1111111111111-cccccc."
        )
        #expect(try await bench.send("GET", "jobsByPipeline/1111111111111-aaaaaa").status == 404)
    }

    @Test("A preset that the engine cannot make is refused with the reason")
    func refusesPreset() async throws {
        let id = "1111111111111-bbbbbb"
        let options: JSON = ["Profile": "HE-AAC"]
        let audio: JSON = [
            "Codec": "AAC", "SampleRate": "44100", "BitRate": "64", "Channels": "2", "CodecOptions": options,
        ]
        let preset: JSON = ["Id": .string(id), "Name": "old", "Container": "mp4", "Audio": audio]
        let document = StoredDocument(kind: .preset, id: id, body: Data(try preset.line().utf8))
        _ = try await bench.backend.metadata.insert(document)
        let output: JSON = ["Key": "a", "PresetId": .string(id)]
        let answer = try await bench.job(try await bench.pipeline(), ["Output": output])
        #expect(answer.status == 400 && answer.message.contains("at 'output.presetId'"))
        #expect(answer.message.contains("Audio.CodecOptions.Profile"))
    }

    @Test("Every preset of the system can be made")
    func takesSystemPresets() async throws {
        let pipeline = try await bench.pipeline()
        for document in APIBench.presets.documents() where document.id.hasPrefix("1351620000001-") {
            let output: JSON = ["Key": "a", "PresetId": .string(document.id)]
            let answer = try await bench.job(pipeline, ["Output": output])
            #expect(answer.status == 201, "\(document.name): \(answer.message)")
        }
    }

    @Test("A job is cancelled once, while it waits, and its record says so")
    func cancels() async throws {
        let id = try await bench.jobID(try await bench.pipeline())
        let answer = try await bench.send("DELETE", "jobs/\(id)")
        #expect(answer.status == 202 && answer.body == [:])
        let job = try await bench.send("GET", "jobs/\(id)").body["Job"]
        #expect(job?["Status"] == "Canceled" && job?["Output"]?["Status"] == "Canceled")
        #expect(job?["Timing"]?["FinishTimeMillis"]?.number != nil)
        let stored = await bench.backend.metadata.job(id)
        #expect(stored?.isSettled == true)
        let record = await bench.backend.metadata.record(projectStep: "uploads-0", video: "a.mov")
        #expect(record?.transcoding?.status == .canceled)
        let again = try await bench.send("DELETE", "jobs/\(id)")
        #expect(again.status == 409 && again.error == "ResourceInUseException")
    }

    @Test(
        "A job that has begun or ended cannot be cancelled",
        arguments: [JobStatus.progressing, .complete, .error]
    )
    func keeps(status: JobStatus) async throws {
        let id = try await bench.jobID(try await bench.pipeline())
        try await bench.change(id) { $0.status = status }
        #expect(try await bench.send("DELETE", "jobs/\(id)").status == 409)
        #expect(await bench.backend.metadata.job(id)?.status == status)
    }

    @Test("Of a worker that begins a job and a client that cancels it, one is told no")
    func races() async throws {
        let pipeline = try await bench.pipeline()
        let ledger = JobLedger(store: bench.backend.metadata, owner: "worker", leaseSeconds: 60)
        for _ in 0..<50 {
            let id = try await bench.jobID(pipeline)
            async let claim = ledger.claim(id)
            async let answer = bench.send("DELETE", "jobs/\(id)")
            let (claimed, canceled) = try await (claim, answer)
            let status = await bench.backend.metadata.job(id)?.status
            if case .claimed = claimed {
                #expect(canceled.status == 409 && status == .progressing)
            } else {
                #expect(canceled.status == 202 && status == .canceled)
            }
        }
    }

    @Test("A job whose message cannot be sent fails the request and waits for nobody")
    func cancelsUnqueued() async throws {
        let pipeline = try await bench.pipeline()
        // Looking for the pipeline, storing the job, sending the message.
        let broken = APIBench(.call(3))
        try await broken.backend.metadata.copy(.pipeline, pipeline, from: bench.backend.metadata)
        let answer = try await broken.job(pipeline)
        #expect(answer.status == 500 && answer.error == "InternalServiceException")
        #expect(!answer.message.contains("injected"))
        let jobs = try await broken.backend.metadata.jobs(.all, ascending: true, after: nil, limit: 10).items
        #expect(jobs.map(\.status) == [.canceled])
        #expect(await broken.backend.queue.depth().visible == 0)
    }

    @Test("Jobs are listed by pipeline and by status, fifty a page", arguments: [true, false])
    func lists(ascending: Bool) async throws {
        let pipeline = try await bench.pipeline()
        let other = try await bench.jobID(try await bench.pipeline())
        var ids: [String] = []
        for _ in 0..<60 { ids.append(try await bench.jobID(pipeline)) }
        try await bench.change(ids[0]) { $0.status = .complete }
        let order = "Ascending=\(ascending)"
        let first = try await bench.send("GET", "jobsByPipeline/\(pipeline)?\(order)").body
        let token = try #require(first["NextPageToken"]?.string)
        let second = try await bench.send("GET", "jobsByPipeline/\(pipeline)?\(order)&PageToken=\(token)")
            .body
        #expect(second["NextPageToken"] == .null)
        let listed = [first, second].flatMap { $0["Jobs"]?.elements ?? [] }.compactMap { $0["Id"]?.string }
        #expect(listed == (ascending ? ids : ids.reversed()))
        let complete = try await bench.send("GET", "jobsByStatus/Complete").body["Jobs"]?.elements ?? []
        #expect(complete.compactMap { $0["Id"]?.string } == [ids[0]])
        let submitted = try await bench.send("GET", "jobsByStatus/Submitted?Ascending=true").body["Jobs"]
        #expect(submitted?.elements.first?["Id"] == .string(other))
    }
}

extension InMemoryMetadataStore {
    /// Takes over a document of another store.
    func copy(_ kind: StoredDocument.Kind, _ id: String, from other: InMemoryMetadataStore) async throws {
        if let document = await other.document(kind, id) { _ = try insert(document) }
    }
}
