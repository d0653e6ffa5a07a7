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

    @Test("What a client gave comes back where it stood, to the letter")
    func writesGiven() {
        var job = job()
        job.input.key = "in/a.MOV"
        job.input.stated = ["Container": "auto", "AspectRatio": "auto"]
        job.outputs[0].key = "a.mp4"
        job.outputs[0].presetID = "1351620000001-100070"
        job.outputs[0].thumbnailPattern = ""
        job.outputs[0].rotate = "auto"
        job.outputKeyPrefix = "out/"
        job.userMetadata = ["post_id": "25987"]
        #expect(
            JobMessage(.completed, job).text == #"""
                {
                  "state" : "COMPLETED",
                  "version" : "2012-09-25",
                  "jobId" : "1790000000000-aaaaaa",
                  "pipelineId" : "p",
                  "input" : {
                    "key" : "in/a.MOV",
                    "aspectRatio" : "auto",
                    "container" : "auto"
                  },
                  "inputCount" : 1,
                  "outputKeyPrefix" : "out/",
                  "outputs" : [ {
                    "id" : "1",
                    "presetId" : "1351620000001-100070",
                    "key" : "a.mp4",
                    "thumbnailPattern" : "",
                    "rotate" : "auto",
                    "status" : "Complete",
                    "duration" : 3,
                    "width" : 640,
                    "height" : 360
                  } ],
                  "userMetadata" : {
                    "post_id" : "25987"
                  }
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

    @Test("An input that is missing fails the whole job, to the letter")
    func writesMissingInput() {
        let error = JobError(code: "input.missing", message: "it is not there", isRetryable: false)
        let job = WorkerBench.job(key: "in/a.mov", outputs: ["a.mp4"]).ended(now: Date(), error: error)
        let name = StatusDetail(error, of: nil, in: job).text.dropFirst(5).prefix(36)
        #expect(
            JobMessage(.error, job).text == #"""
                {
                  "state" : "ERROR",
                  "errorCode" : 3001,
                  "messageDetails" : "3001 \#(name): The specified object does not exist in the specified S3 bucket: bucket=media, key=in/a.mov.",
                  "version" : "2012-09-25",
                  "jobId" : "1790000000000-aaaaaa",
                  "pipelineId" : "p",
                  "input" : {
                    "key" : "in/a.mov"
                  },
                  "inputCount" : 1,
                  "outputKeyPrefix" : "output/web/",
                  "outputs" : [ {
                    "id" : "1",
                    "presetId" : "web",
                    "key" : "a.mp4",
                    "status" : "Error"
                  } ]
                }
                """#
        )
    }

    @Test("An output's error stands with it, as a number and a sentence that clients look for")
    func writesOutputError() throws {
        var job = WorkerBench.job(outputs: ["a.mp4", "b.mp4"])
        job.userMetadata = ["b": "2", "a": "1"]
        job.outputs[0].status = .complete
        job.outputs[1].status = .error
        job.outputs[1].error = JobError(code: "output.exists", message: "it is there", isRetryable: false)
        job.outputs[1].thumbnailPattern = ""
        job.outputs[1].rotate = "auto"
        job.input.stated = ["Container": "auto", "FrameRate": "auto"]
        job = job.ended(now: Date())
        let message = try object(JobMessage(.error, job).text)
        #expect(message["errorCode"] == nil && message["messageDetails"] == nil)
        #expect(message["userMetadata"] as? [String: String] == ["a": "1", "b": "2"])
        let input = try #require(message["input"] as? [String: String])
        #expect(input["frameRate"] == "auto" && input["container"] == "auto" && input["interlaced"] == nil)
        let outputs = try #require(message["outputs"] as? [[String: Any]])
        #expect(outputs[0]["statusDetail"] == nil && outputs[0]["errorCode"] == nil)
        #expect(outputs[1]["errorCode"] as? Int == 3002)
        #expect(outputs[1]["thumbnailPattern"] as? String == "" && outputs[1]["rotate"] as? String == "auto")
        let detail = try #require(outputs[1]["statusDetail"] as? String)
        let sentence =
            "The specified object could not be saved in the specified bucket because an object by that name "
            + "already exists: bucket=media, key=output/web/b.mp4."
        #expect(
            detail.wholeMatch(of: #/3002 [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}: (.*)/#)?.2
                == sentence[...]
        )
    }

    @Test("Ids are the same for every delivery, in the order of what happened; subjects fit into SNS's 100")
    func namesItself() {
        let ids = [JobMessage.State.progressing, .completed, .warning].map { JobMessage($0, job()).id }
        #expect(
            ids == [
                "1790000000000-aaaaaa.1.progressing", "1790000000000-aaaaaa.2.completed",
                "1790000000000-aaaaaa.2.warning",
            ]
        )
        for state in [JobMessage.State.progressing, .completed, .warning, .error] {
            #expect(JobMessage(state, job()).subject.count <= 100)
        }
    }

    @Test("Nobody is told of a job that was cancelled")
    func keepsQuiet() {
        var job = job()
        job.status = .canceled
        #expect(JobMessage.State.ended(job) == [])
    }

    @Test("A part that reached past the input's end is a warning besides, and the output says what is wrong")
    func warns() throws {
        var job = job()
        job.status = .complete
        job.outputs[0].status = .complete
        #expect(JobMessage.State.ended(job) == [.completed])
        var rendition = Rendition(byteCount: 1, eTag: "", durationMilliseconds: 2000)
        rendition.shortSeconds = 0.01
        job.outputs[0].rendition = rendition
        #expect(JobMessage.State.ended(job) == [.completed])
        rendition.shortSeconds = 3
        job.outputs[0].rendition = rendition
        #expect(JobMessage.State.ended(job) == [.completed, .warning])
        let message = try object(JobMessage(.warning, job).text)
        #expect(message["state"] as? String == "WARNING")
        let output = try #require((message["outputs"] as? [[String: Any]])?.first)
        let detail = try #require(output["statusDetail"] as? String)
        #expect(detail.hasPrefix("The starting time plus the duration of a clip exceeded the length"))
        #expect(output["status"] as? String == "Complete" && output["errorCode"] == nil)
    }

    /// Judged by Foundation's reader.
    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
