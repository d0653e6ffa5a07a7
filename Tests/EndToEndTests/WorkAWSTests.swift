import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("An upload to S3 becomes a rendition in S3")
    struct AWS {
        private static let key = "alba/0/837c23d3d9c2afaca913.mp4"
        private static let clip = Samples.path("phone-portrait.mp4")

        @Test("The site's flow: record, upload, event, rendition, record, notification; each once")
        func flow() async throws {
            let aws = try await AWSWorkplace()
            #expect(aws.sentences[0].contains("table \(aws.responses) was made"))
            #expect(!aws.sentences[1].isEmpty)
            for sentence in aws.sentences[1] { #expect(sentence.contains("already"), "\(sentence)") }

            let worker = try aws.place.start(["work"])
            let script = Samples.path("upload.py")
            let arguments = [Self.clip, aws.bucket, Self.key, "a@b.c", aws.responses]
            let client = try await ServerRoom.shared.environment(s3: .ministack)
            let upload = try await Python.run(script, arguments, environment: client)
            #expect(upload.status == 0, "\(upload.errorText) \(worker.errorText)")
            #expect(upload.outputText.hasPrefix("\(aws.bucket)/output/web/\(Self.key): 404x720, 4."))

            try await expectRendition(aws)
            #expect(try await aws.keys() == [Self.key, "output/web/\(Self.key)"])
            // The output's own event, too, is dealt with, and it is no job.
            #expect(try await until(20) { try await aws.messageCount() == 0 })
            worker.terminate()
            let end = try await worker.end(limit: 20)
            #expect(end.status == 0 && worker.logged("job began").count == 1, "\(end.errorText)")
            #expect(try await aws.jobs().compactMap { $0["status"]?.string } == ["Complete"])
            #expect(try await aws.openUploads() == [])
            let told = try await aws.notifications()
            #expect(told.compactMap { $0["state"]?.string } == ["COMPLETED"])
            #expect(told.first?["input"]?["key"]?.string == Self.key)
        }

        @Test("A record keeps what others wrote into it, and says all there is to say")
        func record() async throws {
            let aws = try await AWSWorkplace()
            try await aws.announce(Self.key, mail: "a@b.c")
            _ = try await aws.upload(Self.clip, Self.key)
            let end = try await aws.place.run(["work", "--until-empty"])
            #expect(end.status == 0, "\(end.errorText)")
            let record = try await aws.record(mail: "a@b.c")
            let exact = [
                "consent": "given", "video": Self.key, "status": "Complete", "width": "404", "height": "720",
                "videoCodec": "h264", "audioCodec": "aac", "outputBucket": aws.bucket,
                "outputKey": "output/web/\(Self.key)", "sizeIn": "\(try size(Self.clip))",
            ]
            for (name, value) in exact { #expect(record[name] == value, "\(name)") }
            let (_, path) = try await aws.download("output/web/\(Self.key)")
            #expect(record["sizeOut"] == "\(try size(path))")
            let duration = try #require(try Judge.probe(path).format.duration)
            #expect(abs((record["duration"].flatMap { Double($0) } ?? 0) - duration) < 0.01)
            for name in ["videoBitsPerSecond", "audioBitsPerSecond"] {
                #expect(record[name].flatMap { Int($0) } ?? 0 > 1000, "\(name)")
            }
            let times = ["submittedAt", "startedAt", "finishedAt"].map {
                record[$0].flatMap { Double($0) } ?? 0
            }
            #expect(times == times.sorted())
            #expect(abs(times[2] / 1000 - Date().timeIntervalSince1970) < 60)
            // One that nobody announced has a record, too.
            let shown = try await aws.place.run(["records", "--json"])
            #expect(shown.outputLines.count == 1 && shown.outputText.contains("Complete"))
        }

        @Test("Objects may be with one service, and queue and tables with another")
        func mixed() async throws {
            let aws = try await AWSWorkplace(s3: .seaweedFS)
            try await aws.announce(Self.key, mail: "a@b.c")
            let eTag = try await aws.upload(Self.clip, Self.key)
            let event = S3Message(
                bucket: aws.bucket,
                key: Self.key,
                byteCount: try size(Self.clip),
                eTag: eTag
            )
            try await aws.send(event.text)
            let end = try await aws.place.run(["work", "--until-empty"])
            #expect(end.status == 0, "\(end.errorText)")
            try await expectRendition(aws)
            #expect(try await aws.record(mail: "a@b.c")["status"] == "Complete")
            #expect(try await aws.openUploads() == [])
        }

        private func size(_ path: String) throws -> Int {
            try Data(contentsOf: URL(fileURLWithPath: path)).count
        }

        /// Expects the rendition of the phone's clip as the preset `web` has it.
        private func expectRendition(_ aws: AWSWorkplace) async throws {
            let (object, path) = try await aws.download("output/web/\(Self.key)")
            #expect(object["ContentType"]?.string == "video/mp4")
            let job = try #require(try await aws.jobs().first)
            let metadata = object["Metadata"]
            #expect(metadata?["recast-job"] == job["id"])
            #expect(metadata?["recast-input-etag"] == job["input"]?["eTag"])
            #expect(metadata?["recast-preset"]?.string == "web")
            let probe = try Judge.probe(path)
            let video = try #require(probe.video)
            #expect(video.codec == "h264" && video.profile == "Main" && video.level == 31)
            #expect(video.width == 404 && video.height == 720)
            #expect(probe.audio?.codec == "aac")
            #expect(try Judge.topLevelBoxes(path).prefix(2) == ["ftyp", "moov"])
            #expect(try Judge.decodeErrors(path) == [])
        }
    }
}
