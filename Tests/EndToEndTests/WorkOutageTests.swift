import Foundation
import TestMedia
import TestServers
import Testing

/// They mostly wait, so that they may go beside the other tests of workers.
@Suite("Topics that are down, tables that are throttled", .serialized)
struct Outages {
    @Test("While topics are down jobs go on; once they are up all is told, once and in order")
    func topicDown() async throws {
        let aws = try await AWSWorkplace(s3: .seaweedFS)
        aws.place.settings["RECAST_TOPIC_PROGRESSING"] = aws.place.settings["RECAST_TOPIC_COMPLETED"]
        let proxy = try await FaultProxy.start(before: aws.place.settings["AWS_ENDPOINT_URL_SNS"] ?? "")
        try await proxy.use([FaultProxy.Rule(action: .answer(status: 503))])
        for key in ["alba/0/a.mp4", "alba/0/b.mp4"] {
            let eTag = try await aws.upload(Samples.path("surround.mp4"), key)
            try await aws.send(S3Message(bucket: aws.bucket, key: key, eTag: eTag).text)
        }
        let worker = try aws.place.start(["work"], ["AWS_ENDPOINT_URL_SNS": proxy.endpoint])
        let isDone = try await until(60) {
            let jobs = try await aws.jobs().filter { $0["isSettled"] == true }
            let messageCount = try await aws.messageCount()
            return jobs.count == 2 && messageCount == 0
        }
        #expect(isDone, "\(worker.errorText)")
        #expect(try await aws.jobs().compactMap { $0["status"]?.string } == ["Complete", "Complete"])
        #expect(try await until(60) { worker.logged("notification waits").count >= 3 })
        #expect(try await aws.notifications() == [])
        try await proxy.use([])
        let up = ContinuousClock.now
        var told: [JSON] = []
        let isTold = try await until(60) {
            told += try await aws.notifications()
            return told.count >= 4
        }
        #expect(isTold, "\(worker.errorText)")
        #expect(ContinuousClock.now - up < .seconds(60))
        worker.terminate()
        #expect(try await worker.end(limit: 20).status == 0)
        told += try await aws.notifications()
        let states = Dictionary(grouping: told) { $0["jobId"]?.string ?? "" }.mapValues {
            $0.compactMap { $0["state"]?.string }
        }
        #expect(states.count == 2)
        for (job, told) in states { #expect(told == ["PROGRESSING", "COMPLETED"], "\(job)") }
    }

    @Test("A webhook that is down holds up no job, and is told in order once it is up")
    func webhookDown() async throws {
        let anything = try await ServerRoom.shared.address(of: .seaweedFS).endpoint
        let proxy = try await FaultProxy.start(before: anything)
        try await proxy.use([FaultProxy.Rule(action: .answer(status: 503))])
        let place = try Workplace([
            "RECAST_TOPIC_PROGRESSING": "\(proxy.endpoint)/progressing",
            "RECAST_TOPIC_COMPLETED": "\(proxy.endpoint)/completed",
            "RECAST_WEBHOOK_ALLOW_PRIVATE": "true",
        ])
        try place.drop(Samples.path("surround.mp4"), "a.mp4")
        let worker = try place.start(["work"])
        let isDone = try await until(60) {
            try place.jobs()["a.mp4"]?.first?["isSettled"] == true
                && place.rows("SELECT id FROM messages").isEmpty
        }
        #expect(isDone, "\(worker.errorText)")
        #expect(try await until(60) { try await proxy.requests().count >= 3 }, "\(worker.errorText)")
        try await proxy.use([FaultProxy.Rule(action: .answer(status: 204))])
        try await proxy.forgetRequests()
        let up = ContinuousClock.now
        #expect(try await until(60) { try await proxy.requests().count >= 2 }, "\(worker.errorText)")
        #expect(ContinuousClock.now - up < .seconds(60))
        worker.terminate()
        #expect(try await worker.end(limit: 20).status == 0)
        #expect(try await proxy.requests().map(\.target) == ["/progressing", "/completed"])
        try place.expectComplete(["a.mp4"])
        try place.expectNothingLeft()
    }

    @Test("A throttled table, and answers that are lost, delay a job; of two workers one does it, once")
    func tableThrottled() async throws {
        let aws = try await AWSWorkplace(s3: .seaweedFS)
        let table = aws.place.settings["AWS_ENDPOINT_URL_DYNAMODB"] ?? ""
        let proxy = try await FaultProxy.start(before: table)
        let throttled = """
            {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
             "message": "slow down"}
            """
        try await proxy.use([
            FaultProxy.Rule(every: 3, action: .answer(status: 400, body: throttled)),
            FaultProxy.Rule(every: 5, action: .lose),
        ])
        let key = "alba/0/a.mp4"
        let eTag = try await aws.upload(Samples.path("phone-portrait.mp4"), key)
        let event = S3Message(bucket: aws.bucket, key: key, eTag: eTag).text
        for _ in 0..<4 { try await aws.send(event) }
        let workers = try (0..<2).map { _ in
            try aws.place.start(["work"], ["AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint])
        }
        let isDone = try await until(90) {
            let messageCount = try await aws.messageCount()
            let jobs = try await aws.jobs().filter { $0["isSettled"] == true }
            return messageCount == 0 && jobs.count == 1
        }
        #expect(isDone, "\(workers.map(\.errorText))")
        var told: [JSON] = []
        let isTold = try await until(60) {
            told += try await aws.notifications()
            return !told.isEmpty
        }
        #expect(isTold, "\(workers.map(\.errorText))")
        let requests = try await proxy.requests()
        #expect(requests.contains { $0.fault == "answer" } && requests.contains { $0.fault == "lose" })
        for worker in workers { worker.terminate() }
        for worker in workers { #expect(try await worker.end(limit: 20).status == 0) }
        let jobs = try await aws.jobs()
        #expect(jobs.compactMap { $0["status"]?.string } == ["Complete"])
        #expect(jobs.first?["attempt"] == 1)
        #expect(workers.flatMap { $0.logged("job began") }.count == 1)
        #expect(workers.flatMap { $0.logged("job ended") }.count == 1)
        #expect(try await aws.keys() == [key, "output/web/\(key)"])
        // Where the mark that a job's end was told is lost, it is told again, as the same notification.
        told += try await aws.notifications()
        #expect(Set(told.compactMap { $0["state"]?.string }) == ["COMPLETED"])
        #expect(Set(told.compactMap { $0["jobId"]?.string }).count == 1)
    }
}
