import Foundation
import Synchronization
import TestBackends
import Testing

@testable import Jobs

@Suite("The place of a rendition")
struct RenditionPlaceTests {
    private let objects = InMemoryObjectStore(buckets: ["media"])

    private func place(
        _ origin: Job.Origin = .event,
        sequencer: String? = "05",
        id: String = "1790000000000-aaaaaa",
        key: String = "a.mp4"
    ) -> RenditionPlace {
        let job = WorkerBench.job(id, key: key, origin: origin, sequencer: sequencer)
        let target = ObjectLocation(bucket: "media", key: "output/web/a.mp4")
        return RenditionPlace(objects: objects, job: job, output: job.outputs[0], target: target)
    }

    private func publish(_ place: RenditionPlace) async throws -> String {
        try await place.publish { condition throws(BackendError) in
            try await write(place, condition)
        }
    }

    private func write(
        _ place: RenditionPlace,
        _ condition: WriteCondition = .none
    ) async throws(BackendError) -> String {
        let mark = RenditionMark(job: place.job, output: place.output, inputETag: "e")
        return try await objects.write(
            Data(place.job.id.utf8),
            to: place.target,
            attributes: ObjectAttributes(contentType: "video/mp4", metadata: mark.metadata),
            condition: condition
        )
    }

    private func finding(_ place: RenditionPlace) async -> String {
        do throws(JobFailure) {
            switch try await place.look() {
            case .adopt: return "adopt"
            case .write(let condition): return "\(condition)"
            }
        } catch {
            switch error {
            case .permanent(let error), .transient(let error), .superseded(let error): return error.code
            }
        }
    }

    @Test("Where nothing is, nothing may be when it is written")
    func isFree() async { #expect(await finding(place()) == "absent") }

    @Test("What the job itself has written is adopted", arguments: [Job.Origin.event, .api])
    func adoptsOwn(origin: Job.Origin) async throws {
        let eTag = try await write(place(origin))
        #expect(await finding(place(origin)) == "adopt")
        #expect(try await publish(place(origin)) == eTag)
    }

    @Test(
        "The rendition of an older version of the input, or of the same, is replaced",
        arguments: ["04", "05", "0", "049999"]
    )
    func replacesOlder(sequencer: String) async throws {
        let eTag = try await write(place(sequencer: sequencer, id: "1790000000000-bbbbbb"))
        #expect(await finding(place()) == "\(WriteCondition.matches(eTag: eTag))")
        #expect(try await publish(place()) != eTag)
    }

    @Test("The rendition of a newer version stays", arguments: ["06", "0501", "5"])
    func keepsNewer(sequencer: String) async throws {
        let eTag = try await write(place(sequencer: sequencer, id: "1790000000000-bbbbbb"))
        #expect(await finding(place()) == "input.superseded")
        await #expect(throws: JobFailure.self) { try await publish(place()) }
        #expect(try await objects.head(place().target).eTag == eTag)
    }

    @Test("An object that is no rendition stays", arguments: [Job.Origin.event, .api])
    func keepsForeign(origin: Job.Origin) async throws {
        _ = try await objects.write(
            Data(),
            to: place().target,
            attributes: ObjectAttributes(contentType: "video/mp4", metadata: ["job": "1"]),
            condition: .none
        )
        #expect(await finding(place(origin)) == "output.exists")
    }

    @Test("The rendition of another input stays")
    func keepsOthers() async throws {
        _ = try await write(place(id: "1790000000000-bbbbbb", key: "b.mp4"))
        #expect(await finding(place()) == "output.exists")
    }

    @Test("A job of an API client replaces nothing, not even an older version's rendition")
    func replacesNothingForClients() async throws {
        _ = try await write(place(sequencer: "01", id: "1790000000000-bbbbbb"))
        #expect(await finding(place(.api)) == "output.exists")
    }

    @Test("Where somebody was faster it looks again")
    func looksAgain() async throws {
        let calls = Mutex<[WriteCondition]>([])
        let eTag = try await place().publish { condition throws(BackendError) in
            let isFirst = calls.withLock { calls in
                calls.append(condition)
                return calls.count == 1
            }
            if isFirst { _ = try await write(place(sequencer: "04", id: "1790000000000-bbbbbb")) }
            return try await write(place(), condition)
        }
        #expect(calls.withLock { $0.count } == 2)
        #expect(try await objects.head(place().target).eTag == eTag)
    }

    @Test("Where what was to be replaced is gone it looks again")
    func survivesRemoval() async throws {
        _ = try await write(place(sequencer: "04", id: "1790000000000-bbbbbb"))
        let eTag = try await place().publish { condition throws(BackendError) in
            if condition != .absent {
                // Some stores answer that the object is not there, not that the condition does not hold.
                try await objects.delete(place().target)
                throw BackendError(.notFound, "it is not there")
            }
            return try await write(place(), condition)
        }
        #expect(try await objects.head(place().target).eTag == eTag)
    }

    @Test("A place that changes all the time is tried again later")
    func givesUp() async {
        await #expect {
            try await place().publish { _ throws(BackendError) in throw BackendError(.conflict, "no") }
        } throws: { error in
            guard case .transient(let error) = error as? JobFailure else { return false }
            return error.code == "conflict"
        }
    }

    @Test("A rendition's metadata are ASCII and tell inputs apart")
    func marksInAscii() {
        let keys = ["é€😀.mp4", "é.mp4", "e\u{301}.mp4", "a b+c%2B.mp4", "a b+c+.mp4", "../x.mp4"]
        let marks = keys.map { key in
            let job = WorkerBench.job(key: key)
            return RenditionMark(job: job, output: job.outputs[0], inputETag: "e")
        }
        #expect(Set(marks.map(\.input)).count == keys.count)
        for mark in marks {
            #expect(mark.metadata.values.allSatisfy { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
            #expect(RenditionMark(mark.metadata) == mark)
        }
    }
}

@Suite("A site's record of a video")
struct VideoRecordTests {
    @Test(
        "It is found under project and step, as the site names its uploads",
        arguments: [
            ("site/1/clip.mp4", "site-1"), ("site/01/a/b.mp4", "site-1"), ("site/-2/x", "site--2"),
            ("site/x/clip.mp4", "uploads-0"), ("site/1", "uploads-0"), ("/1/clip.mp4", "uploads-0"),
            ("clip.mp4", "uploads-0"), ("../1/x.mp4", "..-1"), ("", "uploads-0"),
            ("site/99999999999999999999/x", "uploads-0"),
        ]
    )
    func findsPlace(key: String, projectStep: String) {
        #expect(RecordPlace(objectKey: key).projectStep == projectStep)
    }

    @Test("It says what came of the first output")
    func tellsRendition() {
        var job = WorkerBench.job(outputs: ["a.mp4", "b.mp4"], sequencer: "0A")
        job.input.byteCount = 10
        job.status = .complete
        job.started = Date(timeIntervalSince1970: 1_790_000_001)
        job.finished = Date(timeIntervalSince1970: 1_790_000_002.5)
        var rendition = Rendition(byteCount: 5, eTag: "e", durationMilliseconds: 2500)
        rendition.width = 640
        rendition.videoCodec = "h264"
        job.outputs[0].rendition = rendition
        #expect(VideoTranscoding(job).sizeOut == nil, "it is not made yet")
        job.outputs[0].status = .complete
        let told = VideoTranscoding(job)
        #expect(told.status == .complete && told.jobId == job.id)
        #expect(told.sequencer == "0a" + String(repeating: "0", count: 62))
        #expect(told.outputBucket == "media" && told.outputKey == "output/web/a.mp4")
        #expect(told.sizeIn == 10 && told.sizeOut == 5 && told.duration == 2.5)
        #expect(told.width == 640 && told.videoCodec == "h264" && told.ssim == nil)
        #expect(told.submittedAt == 1_790_000_000_000 && told.startedAt == 1_790_000_001_000)
        #expect(told.finishedAt == 1_790_000_002_500)
        #expect(told.errorCode == nil && told.errorMessage == nil)
    }

    @Test("It says why a job failed once it has ended, not while it may still work")
    func tellsError() {
        var job = WorkerBench.job()
        job.error = JobError(code: "unavailable", message: "no", isRetryable: true)
        #expect(VideoTranscoding(job).errorCode == nil)
        job.status = .error
        #expect(VideoTranscoding(job).errorCode == "unavailable")
        #expect(VideoTranscoding(job).errorMessage == "no")
    }
}
