import ElasticTranscoder
import Foundation
import Jobs
import Synchronization
import TestBackends
import TestMedia
import TestServers
import Transcoding

/// The API over backends in memory, on a clock that each look at it moves by a millisecond.
struct APIBench: Sendable {
    static let role = "arn:aws:iam::123456789012:role/transcoder"
    static let web = "1351620000001-100070"
    static let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])

    let backend = InMemoryBackend(buckets: ["in", "out"])
    let api: ElasticTranscoderAPI

    /// `plan` says which calls to the store and the queue fail.
    init(_ plan: FaultPlan = .none()) {
        let clock = StepClock()
        var settings = ElasticTranscoderAPI.Settings()
        settings.region = "eu-west-1"
        settings.account = "123456789012"
        api = ElasticTranscoderAPI(
            store: FaultInjectingMetadataStore(backend.metadata, plan),
            objects: FaultInjectingObjectStore(backend.objects, plan),
            queue: FaultInjectingJobQueue(backend.queue, plan),
            presets: Self.presets,
            settings: settings,
            now: { clock.next() }
        )
    }

    /// What came of a request.
    struct Answer {
        let status: Int
        let error: String?
        let body: JSON

        var message: String { body["message"]?.string ?? "" }
    }

    func send(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await send(method, path, raw: try body.map { Data(try $0.line().utf8) } ?? Data())
    }

    func send(_ method: String, _ path: String, raw: Data) async throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1)
        var query: [(name: String, value: String)] = []
        for pair in parts.count < 2 ? [] : parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query.append((String(sides[0]), sides.count > 1 ? String(sides[1]) : ""))
        }
        let request = APIRequest(
            method: method,
            path: "/2012-09-25/\(parts.first ?? "")",
            query: query,
            body: raw
        )
        let response = await api.respond(to: request)
        // Judged by Foundation's reader.
        let body = try JSONDecoder().decode(JSON.self, from: response.body)
        return Answer(status: response.status, error: response.errorType, body: body)
    }

    // MARK: - Things to work on

    func pipeline(_ changes: [String: JSON] = [:]) async throws -> String {
        var members: [String: JSON] = [
            "Name": "p", "InputBucket": "in", "OutputBucket": "out", "Role": .string(Self.role),
        ]
        members.merge(changes) { $1 }
        let answer = try await send("POST", "pipelines", .object(members.filter { $0.value != .null }))
        return answer.body["Pipeline"]?["Id"]?.string ?? answer.message
    }

    func job(_ pipeline: String, _ changes: [String: JSON] = [:]) async throws -> Answer {
        var members: [String: JSON] = [
            "PipelineId": .string(pipeline), "Input": ["Key": "a.mov"],
            "Output": ["Key": "a.mp4", "PresetId": .string(Self.web)],
        ]
        members.merge(changes) { $1 }
        return try await send("POST", "jobs", .object(members.filter { $0.value != .null }))
    }

    func jobID(_ pipeline: String) async throws -> String {
        try await job(pipeline).body["Job"]?["Id"]?.string ?? ""
    }

    /// Changes a stored job as a worker would.
    func change(_ id: String, _ change: (inout Job) -> Void) async throws {
        guard var job = await backend.metadata.job(id) else { return }
        change(&job)
        _ = try await backend.metadata.replace(job)
    }

    /// A preset that the engine can make.
    static let preset: [String: JSON] = [
        "Name": "mine", "Container": "mp4",
        "Video": [
            "Codec": "H.264", "KeyframesMaxDist": "90", "FixedGOP": "false", "BitRate": "1000",
            "FrameRate": "30", "MaxWidth": "640", "MaxHeight": "360", "SizingPolicy": "ShrinkToFit",
            "PaddingPolicy": "NoPad", "DisplayAspectRatio": "auto",
            "CodecOptions": ["Profile": "main", "Level": "3.1", "MaxReferenceFrames": "3"],
        ],
        "Audio": ["Codec": "AAC", "SampleRate": "44100", "BitRate": "128", "Channels": "2"],
    ]
}

/// Every look is a millisecond after the one before.
final class StepClock: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Date {
        let milliseconds = count.add(1, ordering: .relaxed).newValue
        return Date(timeIntervalSince1970: 1_790_000_000 + Double(milliseconds) / 1000)
    }
}
