import FFmpeg
import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import TestBackends
import Testing
import Transcoding

@Suite("How far a job is")
struct JobProgressTests {
    private func progress(_ seconds: Double, of total: Double?, _ input: DetectedProperties? = nil)
        -> TranscodeProgress
    {
        TranscodeProgress(
            seconds: seconds,
            totalSeconds: total,
            frameCount: 1,
            byteCount: 1,
            elapsed: 1,
            input: input
        )
    }

    private func properties(_ size: String, _ rate: Double, _ seconds: Double) throws -> DetectedProperties {
        let json = """
            {"container": "mp4", "byteCount": 1, "duration": \(seconds), "size": {"width": 1, "height": 1},
             "uprightSize": \(size), "frameRate": \(rate), "videoCodec": "h264"}
            """
        return try JSONDecoder().decode(DetectedProperties.self, from: Data(json.utf8))
    }

    @Test("Outputs share the scale, and what needs no work any more counts whole")
    func sharesScale() {
        let progress = JobProgress(outputCount: 4)
        let job = WorkerBench.job()
        #expect(progress.news(since: job) == nil)
        progress.take(self.progress(5, of: 10))
        #expect(progress.news(since: job)?.share == 0.125)
        progress.begin(finished: 3)
        #expect(progress.news(since: job)?.share == 0.75)
        progress.take(self.progress(20, of: 10))
        #expect(progress.news(since: job)?.share == 1)
    }

    @Test("Less than a hundredth is not worth a write")
    func savesWrites() {
        let progress = JobProgress(outputCount: 1)
        var job = WorkerBench.job()
        progress.take(self.progress(0.9, of: 100))
        #expect(progress.news(since: job) == nil)
        progress.take(self.progress(1, of: 100))
        #expect(progress.news(since: job)?.share == 0.01)
        job.progress = 0.01
        #expect(progress.news(since: job) == nil)
    }

    @Test(
        "An engine may say what it likes: nothing but a share from 0 to 1 comes of it",
        arguments: [
            (-.infinity, 10), (.nan, 10), (5, .nan), (5, 0), (5, -1), (-5, 10), (5, nil),
            (.greatestFiniteMagnitude, .leastNonzeroMagnitude),
        ] as [(Double, Double?)]
    )
    func doubtsEngine(seconds: Double, total: Double?) {
        let progress = JobProgress(outputCount: 1)
        progress.take(self.progress(seconds, of: total))
        #expect((0...1).contains(progress.news(since: WorkerBench.job())?.share ?? 0))
    }

    @Test("What no input can be is not taken over")
    func doubtsInput() throws {
        let sane = Job.DetectedMedia(try properties(#"{"width": 1080, "height": 1920}"#, 29.97, 1.5))
        #expect(
            sane
                == Job.DetectedMedia(width: 1080, height: 1920, frameRate: 29.97, durationMilliseconds: 1500)
        )
        let mad = Job.DetectedMedia(try properties(#"{"width": -1, "height": 1920}"#, 1e300, 1e300))
        #expect(mad == Job.DetectedMedia())
    }

    @Test("It is stored while the job runs, with what its input is, and is 1 in the end")
    func isStored() async throws {
        let isWaiting = Mutex(true)
        var bench = WorkerBench(engine: .hanging { isWaiting.withLock { $0 } })
        bench.leaseSeconds = 1
        _ = try await bench.upload("input", "a.mp4")
        let job = try await bench.storeJob(outputs: ["a.mp4", "b.mp4"])
        try await bench.send(JobEvent.message(forJob: job.id))
        let life = Task { [bench] in await bench.runWorker() }
        try await waitFor { (try? await bench.jobs())?.first?.progress == 0.5 }
        let media = Job.DetectedMedia(width: 640, height: 360, frameRate: 25, durationMilliseconds: 2500)
        #expect(try await bench.jobs().first?.input.detected == media)
        isWaiting.withLock { $0 = false }
        await life.value
        let ended = try #require(try await bench.jobs().first)
        #expect(ended.status == .complete && ended.progress == 1 && ended.attempt == 1)
    }

    @Test("A job that is over before its heartbeat says what its input is all the same")
    func isToldAtEnd() async throws {
        let good = WorkerBench()
        try await good.send(try await good.upload("input", "a.mp4"))
        await good.runWorker()
        let bad = WorkerBench(
            engine: FakeEngine(afterReading: { _ throws(EngineFailure) in
                throw .transcoding(TranscodingError(.inputDamaged, "it is damaged"))
            })
        )
        try await bad.send(try await bad.upload("input", "a.mp4"))
        await bad.runWorker()
        for bench in [good, bad] {
            let job = try #require(try await bench.jobs().first)
            #expect(job.input.detected?.width == 640 && job.input.detected?.durationMilliseconds == 2500)
        }
        #expect(try await good.jobs().map(\.progress) == [1])
    }
}
