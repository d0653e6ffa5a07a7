import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("Workers that are killed")
    struct Kills {
        /// Seconds for which a dead worker's job stays its own.
        private static let visibility = 5.0

        /// Two workers, of which one or the other is killed and started again.
        private final class Crew {
            private let start: () throws -> RunningTool
            private(set) var workers: [RunningTool]
            /// All engines that worked for a worker when it was killed.
            private(set) var orphans: Set<Int32> = []
            private var random = SeededRandom(state: 20_261_124)

            init(_ start: @escaping () throws -> RunningTool) throws {
                self.start = start
                workers = [try start(), try start()]
            }

            /// Kills a worker at some moment within the next `seconds`.
            func kill(within seconds: Double) async throws {
                try await Task.sleep(for: .seconds(Double.random(in: 0...seconds, using: &random)))
                let index = Int.random(in: 0...1, using: &random)
                orphans.formUnion(workers[index].engines)
                workers[index].kill()
                let result = try await workers[index].end(limit: 5)
                #expect(result.wasSignalled, "a worker ended by itself: \(result.errorText)")
                workers[index] = try start()
            }

            /// Stops the workers gracefully.
            func stop() async throws {
                for worker in workers { worker.terminate() }
                for worker in workers {
                    let result = try await worker.end(limit: 20)
                    #expect(result.status == 0 && !result.wasSignalled, "\(result.errorText)")
                }
                #expect(!orphans.isEmpty, "no engine worked when a worker was killed")
                for orphan in orphans { #expect(!isEngine(orphan)) }
            }
        }

        @Test("Two workers killed ten times at random finish ten jobs, each once, and leave nothing")
        func survives() async throws {
            let place = try Workplace([
                "RECAST_VISIBILITY_TIMEOUT": "\(Self.visibility)", "RECAST_THREADS": "1",
            ])
            let clips = ["phone-portrait.mp4", "phone-portrait.mp4", "browser-live.webm", "surround.mp4"]
            let names = (0..<10).map { (key: "alba/\($0)/clip-\($0).mp4", clip: clips[$0 % clips.count]) }
            for (key, clip) in names { try place.drop(Samples.path(clip), key) }
            let crew = try Crew { try place.start(["work"]) }
            #expect(try await until(20) { crew.workers.contains { !$0.engines.isEmpty } })
            for _ in 0..<10 { try await crew.kill(within: 2.5) }
            let isDone = try await until(150) {
                let jobs = try place.jobs().values.flatMap { $0 }
                let ended = jobs.filter { $0["isSettled"] == true }
                // What a killed worker had not told yet, another tells some seconds later.
                return try ended.count == 10 && place.rows("SELECT id FROM messages").isEmpty
                    && place.waitingNotifications().isEmpty
            }
            #expect(isDone, "\(crew.workers.map(\.errorText))")
            try await crew.stop()
            try place.expectComplete(names.map(\.key))
            try place.expectNothingLeft()
            for (key, clip) in names {
                let original = try Data(contentsOf: URL(fileURLWithPath: Samples.path(clip)))
                #expect(try Data(contentsOf: place.file(key)) == original)
            }
        }

        @Test(
            "Through S3, SQS and DynamoDB as well: killed three times, nothing is lost, doubled or left open"
        )
        func survivesAWS() async throws {
            let aws = try await AWSWorkplace([
                "RECAST_VISIBILITY_TIMEOUT": "\(Self.visibility)", "RECAST_THREADS": "1",
            ])
            let keys = (0..<3).map { "alba/0/clip-\($0).mp4" }
            for key in keys { _ = try await aws.upload(Samples.path("phone-portrait.mp4"), key) }
            let crew = try Crew { try aws.place.start(["work"]) }
            for _ in 0..<3 {
                #expect(try await until(20) { crew.workers.contains { !$0.engines.isEmpty } })
                try await crew.kill(within: 1)
            }
            let isDone = try await until(90) {
                let jobs = try await aws.jobs().filter { $0["isSettled"] == true }
                let messageCount = try await aws.messageCount()
                return jobs.count == 3 && messageCount == 0
            }
            #expect(isDone, "\(crew.workers.map(\.errorText))")
            try await crew.stop()
            let jobs = try await aws.jobs()
            #expect(jobs.compactMap { $0["status"]?.string } == ["Complete", "Complete", "Complete"])
            #expect(try await aws.keys() == keys + keys.map { "output/web/\($0)" })
            for key in keys {
                let path = try await aws.download("output/web/\(key)").path
                #expect(try Judge.decodeErrors(path) == [])
            }
            #expect(try await aws.openUploads() == [])
            let told = try await aws.notifications()
            let ends = told.map { "\($0["state"]?.string ?? "") \($0["jobId"]?.string ?? "")" }
            #expect(Set(ends) == Set(jobs.map { "COMPLETED \($0["id"]?.string ?? "")" }))
        }

        @Test("The file that a killed worker was making is removed by the next worker, and by nobody before")
        func removesSpooled() async throws {
            let place = try Workplace(["RECAST_VISIBILITY_TIMEOUT": "2"])
            // Its length is unknown, so its output cannot be streamed.
            try place.drop(Samples.path("browser-live.webm"), "a.webm")
            let first = try place.start(["work"])
            #expect(try await until(30) { !place.files(below: "spool").isEmpty }, "\(first.errorText)")
            #expect(await signalEngine(of: [first], SIGSTOP) != nil, "\(first.errorText)")
            let other = try await place.run(["work", "--event", "-"], input: Data(#"{"Records":[]}"#.utf8))
            #expect(other.status == 0, "\(other.errorText)")
            #expect(place.files(below: "spool").count == 1)
            first.kill()
            let second = try await place.run(["work", "--until-empty"])
            #expect(second.status == 0, "\(second.errorText)")
            try place.expectComplete(["a.webm"])
            try place.expectNothingLeft()
            #expect(try place.jobs()["a.webm"]?.first?["attempt"] == 2)
            #expect(contents(of: place.data.appendingPathComponent("spool")) == [])
        }

        @Test("What a killed worker had begun to upload is thrown away by whoever takes the job over")
        func abortsUploads() async throws {
            let aws = try await AWSWorkplace(s3: .seaweedFS, ["RECAST_VISIBILITY_TIMEOUT": "2"])
            let key = "alba/0/a.mp4"
            let eTag = try await aws.upload(Samples.path("surround.mp4"), key)
            try await aws.send(S3Message(bucket: aws.bucket, key: key, eTag: eTag).text)
            let first = try aws.place.start(["work"])
            #expect(await signalEngine(of: [first], SIGSTOP, within: 20) != nil, "\(first.errorText)")
            // What a longer clip would have begun.
            let target: JSON = ["Bucket": .string(aws.bucket), "Key": .string("output/web/\(key)")]
            try await aws.boto.call("s3", "create_multipart_upload", target)
            #expect(try await aws.openUploads().count == 1)
            first.kill()
            let second = try await aws.place.run(["work", "--until-empty"], limit: 60)
            #expect(second.status == 0, "\(second.errorText)")
            let jobs = try await aws.jobs()
            #expect(jobs.compactMap { $0["status"]?.string } == ["Complete"])
            #expect(jobs.compactMap { $0["attempt"]?.number } == [2])
            #expect(try await aws.openUploads() == [])
        }
    }
}

/// The same numbers each time (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
