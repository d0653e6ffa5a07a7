import Foundation
import Jobs
import Testing

@Suite("What topics read of a job")
struct JobMessageTests {
    private func job() -> Job {
        var job = WorkerBench.job(key: "dir/a \"b\"\\ é.mp4", outputs: ["dir/a.mp4"])
        job.status = .complete
        job.outputs[0].status = .complete
        var rendition = Rendition(byteCount: 5, eTag: "e", durationMilliseconds: 2001)
        rendition.width = 640
        rendition.height = 360
        job.outputs[0].rendition = rendition
        return job
    }

    @Test("A completed job, to the letter")
    func writesCompleted() {
        let text = JobMessage(.completed, job()).text
        #expect(
            text == #"""
                {
                  "state" : "COMPLETED",
                  "version" : "2012-09-25",
                  "jobId" : "1790000000000-aaaaaa",
                  "pipelineId" : "p",
                  "input" : {
                    "key" : "dir/a \"b\"\\ é.mp4"
                  },
                  "inputCount" : 1,
                  "outputKeyPrefix" : "output/web/",
                  "outputs" : [ {
                    "id" : "1",
                    "presetId" : "web",
                    "key" : "dir/a.mp4",
                    "status" : "Complete",
                    "duration" : 3,
                    "width" : 640,
                    "height" : 360
                  } ]
                }
                """#
        )
    }

    @Test("While a job goes on, its outputs do, and nothing is said of their sizes")
    func writesProgressing() throws {
        let message = try object(JobMessage(.progressing, job()).text)
        #expect(message["state"] as? String == "PROGRESSING")
        let output = try #require((message["outputs"] as? [[String: Any]])?.first)
        #expect(output["status"] as? String == "Progressing")
        #expect(output["width"] == nil && output["duration"] == nil)
    }

    @Test("An error is told of the output that has it, and of the job when it is all its outputs'")
    func writesError() throws {
        let error = JobError(code: "input.damaged", message: "line\nbreak \u{1}", isRetryable: false)
        var job = WorkerBench.job(outputs: ["a.mp4", "b.mp4"])
        job.userMetadata = ["b": "2", "a": "1"]
        job.status = .error
        job.error = error
        job.outputs[0].status = .complete
        job.outputs[1].status = .error
        job.outputs[1].error = error
        var message = try object(JobMessage(.error, job).text)
        #expect(message["messageDetails"] == nil)
        var outputs = try #require(message["outputs"] as? [[String: Any]])
        #expect(outputs[0]["statusDetail"] == nil)
        #expect(outputs[1]["statusDetail"] as? String == "input.damaged: line\nbreak \u{1}")
        #expect(message["userMetadata"] as? [String: String] == ["a": "1", "b": "2"])
        job.outputs[0].status = .error
        job.outputs[0].error = error
        message = try object(JobMessage(.error, job).text)
        #expect(message["messageDetails"] as? String == "input.damaged: line\nbreak \u{1}")
        outputs = try #require(message["outputs"] as? [[String: Any]])
        #expect(outputs[0]["statusDetail"] as? String == "input.damaged: line\nbreak \u{1}")
    }

    @Test("Ids are the same for every delivery, in the order of what happened; subjects fit into SNS's 100")
    func namesItself() {
        let ids = [JobMessage.State.progressing, .completed].map { JobMessage($0, job()).id }
        #expect(ids == ["1790000000000-aaaaaa.1.progressing", "1790000000000-aaaaaa.2.completed"])
        for state in [JobMessage.State.progressing, .completed, .error] {
            #expect(JobMessage(state, job()).subject.count <= 100)
        }
    }

    @Test("Nobody is told of a job that was cancelled")
    func keepsQuiet() {
        var job = job()
        job.status = .canceled
        #expect(JobMessage.State(ended: job) == nil)
    }

    /// Judged by Foundation's reader.
    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
