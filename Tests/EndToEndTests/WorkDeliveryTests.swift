import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("Messages that come twice, jobs that take long, files that are poison")
    struct Deliveries {
        @Test("One event delivered five times to three workers: one job, one encode, one notification")
        func once() async throws {
            let aws = try await AWSWorkplace(s3: .seaweedFS, ["RECAST_VISIBILITY_TIMEOUT": "3"])
            let key = "alba/0/a.mp4"
            let eTag = try await aws.upload(Samples.path("phone-portrait.mp4"), key)
            let event = S3Message(bucket: aws.bucket, key: key, eTag: eTag).text
            for _ in 0..<5 { try await aws.send(event) }
            let workers = try (0..<3).map { _ in try aws.place.start(["work"]) }
            #expect(try await until(60) { try await aws.messageCount() == 0 })
            for worker in workers { worker.terminate() }
            for worker in workers {
                let end = try await worker.end(limit: 20)
                #expect(end.status == 0, "\(end.errorText)")
            }
            let jobs = try await aws.jobs()
            #expect(jobs.compactMap { $0["status"]?.string } == ["Complete"])
            #expect(jobs.first?["attempt"] == 1)
            #expect(workers.flatMap { $0.logged("job began") }.count == 1)
            let told = try await aws.notifications()
            #expect(told.compactMap { $0["state"]?.string } == ["COMPLETED"])
            #expect(try await aws.keys() == [key, "output/web/\(key)"])
        }

        @Test("A message that comes when an idle worker has just been stopped is another worker's at once")
        func lateMessage() async throws {
            let aws = try await AWSWorkplace(s3: .seaweedFS)
            let key = "alba/0/a.mp4"
            let eTag = try await aws.upload(Samples.path("surround.mp4"), key)
            let first = try aws.place.start(["work"])
            #expect(try await until(10) { !first.logged("worker began").isEmpty })
            try await Task.sleep(for: .seconds(1))
            let asked = ContinuousClock.now
            first.terminate()
            let end = try await first.end(limit: 20)
            #expect(end.status == 0)
            #expect(end.endTime - asked < .seconds(1.5))
            try await aws.send(S3Message(bucket: aws.bucket, key: key, eTag: eTag).text)
            let second = try aws.place.start(["work"])
            #expect(try await until(20) { second.logged("job ended").count == 1 }, "\(second.errorText)")
        }

        @Test("A topic that does not answer holds up neither jobs nor the end, and is told later, once")
        func topicAway() async throws {
            let aws = try await AWSWorkplace()
            let endpoint = aws.place.settings["AWS_ENDPOINT_URL_SNS"] ?? ""
            let proxy = try await FaultProxy.start(before: endpoint)
            try await proxy.use([FaultProxy.Rule(action: .delay(60))])
            _ = try await aws.upload(Samples.path("surround.mp4"), "alba/0/a.mp4")
            let first = try aws.place.start(["work"], ["AWS_ENDPOINT_URL_SNS": proxy.endpoint])
            #expect(
                try await until(30) {
                    let isAsked = try await !proxy.requests().isEmpty
                    let messageCount = try await aws.messageCount()
                    return isAsked && messageCount == 0
                },
                "\(first.errorText)"
            )
            let asked = ContinuousClock.now
            first.terminate()
            let end = try await first.end(limit: 20)
            #expect(end.status == 0)
            #expect(end.endTime - asked < .seconds(3))
            #expect(try await aws.notifications() == [])
            let second = try await aws.place.run(["work", "--until-empty"])
            #expect(second.status == 0 && second.errorLines.count == 2, "\(second.errorText)")
            #expect(try await aws.notifications().compactMap { $0["state"]?.string } == ["COMPLETED"])
        }

        @Test("A job longer than three times the visibility timeout is received once and made once")
        func long() async throws {
            let place = try Workplace(["RECAST_VISIBILITY_TIMEOUT": "2"])
            try place.drop(Samples.path("surround.mp4"), "a.mp4")
            let workers = try (0..<2).map { _ in try place.start(["work"]) }
            let engine = try #require(await signalEngine(of: workers, SIGSTOP))
            try await Task.sleep(for: .seconds(6.5))
            // It lasts two seconds, so that it was renewed three times at least.
            let now = Date().timeIntervalSinceReferenceDate
            let lease = try #require(try place.jobs()["a.mp4"]?.first?["lease"]?["until"]?.number)
            let messages = try place.rows("SELECT receiveCount FROM messages")
            #expect(messages.compactMap { $0["receiveCount"]?.number } == [1])
            #expect(lease > now, "the lease ended \(now - lease) s ago")
            kill(engine, SIGCONT)
            #expect(try await until(30) { try place.rows("SELECT id FROM messages").isEmpty })
            for worker in workers { worker.terminate() }
            for worker in workers { #expect(try await worker.end(limit: 20).status == 0) }
            #expect(workers.flatMap { $0.logged("job began") }.count == 1)
            try place.expectComplete(["a.mp4"])
            #expect(try place.jobs()["a.mp4"]?.first?["attempt"] == 1)
            try place.expectNothingLeft()
        }

        @Test(
            "Two files that are poison among twenty good ones: the twenty are complete, the two are told apart"
        )
        func poison() async throws {
            let place = try Workplace(["RECAST_CONCURRENCY": "2"])
            let clip = try ClipRecipe(width: 160, height: 120, seconds: 1).make(
                place.workspace.url("tiny.mp4")
            )
            let keys = (0..<20).map { "alba/\($0)/tiny.mp4" }
            for key in keys { try place.drop(clip, key) }
            try place.drop(Samples.path("damaged.mp4"), "damaged.mp4")
            let whole = try Data(contentsOf: URL(fileURLWithPath: clip))
            try whole.prefix(whole.count / 2).write(to: place.file("truncated.mp4"))
            let worker = try await place.run(["work", "--until-empty"], limit: 120)
            #expect(worker.status == 0, "\(worker.errorText)")
            try place.expectComplete(keys)
            try place.expectNothingLeft()
            let jobs = try place.jobs()
            #expect(jobs.count == 22)
            for key in ["damaged.mp4", "truncated.mp4"] {
                let job = try #require(jobs[key]?.first)
                #expect(job["status"] == "Error" && job["attempt"] == 1, "\(key)")
                #expect(job["error"]?["code"]?.string?.hasPrefix("input.") == true, "\(key)")
                let id = job["id"]?.string ?? ""
                let told = try place.rows("SELECT id FROM notifications WHERE id LIKE '\(id).2.%'")
                #expect(told.compactMap { $0["id"]?.string } == ["\(id).2.error"])
            }
        }
    }
}
