import Foundation
import Jobs
import Testing
import Transcoding

@Suite("Why a job failed, in Elastic Transcoder's words")
struct StatusDetailTests {
    private let job = WorkerBench.job(key: "in.mov", outputs: ["a.mp4", "b.mp4"])

    private func detail(_ code: String, of output: Int? = 0) -> StatusDetail {
        let error = JobError(code: code, message: "s3.internal said no", isRetryable: false)
        return StatusDetail(error, of: output.map { job.outputs[$0] }, in: job)
    }

    @Test(
        "Errors have the service's numbers",
        arguments: [
            ("preset.invalid", 1000), ("unavailable", 3000), ("input.missing", 3001),
            ("output.exists", 3002), ("input.denied", 3003), ("denied", 3004), ("output.denied", 3004),
            ("input.no-bucket", 3005), ("output.no-bucket", 3005), ("not-found", 3005),
            ("input.unreadable", 4000), ("input.damaged", 4000), ("input.limit", 4002),
            ("input.unsupported", 4006), ("engine.crashed", 4007), ("job.attempts", 9999),
            ("what nobody has heard of", 9999),
        ]
    )
    func numbers(code: String, number: Int) {
        #expect(detail(code).number == number)
        #expect(detail(code).text.hasPrefix("\(number) "))
    }

    @Test("Every code of the engine has a number", arguments: TranscodingError.Code.allCases)
    func knowsEngine(code: TranscodingError.Code) {
        #expect((1000...9999).contains(detail(code.rawValue).number))
        #expect(code == .cancelled || detail(code.rawValue).number != 9999)
    }

    @Test("A file that is no media file is told of in the sentence that was recorded")
    func recorded() {
        let sentence = "Amazon Elastic Transcoder could not interpret the media file."
        #expect(detail("input.damaged").text.hasSuffix(": " + sentence))
    }

    @Test(
        "What storage and this service say of themselves stays here",
        arguments: ["unavailable", "denied", "x"]
    )
    func hides(code: String) {
        #expect(!detail(code).text.contains("s3.internal"))
    }

    @Test("The name is a UUID, the same every time, and each output's own")
    func names() throws {
        let texts = [detail("denied"), detail("denied", of: 1), detail("denied", of: nil)].map(\.text)
        #expect(Set(texts).count == 3)
        #expect(detail("denied").text == texts[0])
        for text in texts {
            let name = try #require(text.dropFirst(5).split(separator: ":").first)
            #expect(UUID(uuidString: String(name)) != nil)
            #expect(Array(name)[14] == "8")
        }
    }
}
