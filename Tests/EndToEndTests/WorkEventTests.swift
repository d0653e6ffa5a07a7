import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("recast work --event")
    struct Event {
        private let place: Workplace

        init() throws { place = try Workplace() }

        private func handle(_ text: String) async throws -> Tool.Result {
            try await place.run(["work", "--event", "-"], input: Data(text.utf8))
        }

        @Test("It ends with 0 when the output is there, the first time and again")
        func done() async throws {
            let clip = try ClipRecipe(width: 320, height: 240).make(place.workspace.url("clip.mp4"))
            try place.drop(clip, "in/a b+ü.mp4")
            let event = place.workspace.url("event.json")
            try S3Message(key: "in/a b+ü.mp4").data.write(to: event)
            for _ in 0..<2 {
                let result = try await place.run(["work", "--event", event.path])
                #expect(result.status == 0, "\(result.errorText)")
                #expect(result.outputLines == ["media/output/web/in/a b+ü.mp4"])
            }
            try place.expectComplete(["in/a b+ü.mp4"])
            try place.expectNothingLeft()
        }

        @Test(
            "It ends with 0 when there is nothing to do, and says why",
            arguments: [
                (#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"media"}"#, "test event"),
                (S3Message(key: "a.mp4", name: "ObjectRemoved:Delete").text, "ObjectRemoved:Delete"),
                (#"{"Records":[]}"#, "no records"), (S3Message(key: "folder/", byteCount: 0).text, "folder"),
                (S3Message(key: "output/web/a.mp4").text, "outputs"),
            ]
        )
        func nothing(text: String, reason: String) async throws {
            let result = try await handle(text)
            #expect(result.status == 0, "\(result.errorText)")
            #expect(
                result.outputLines.count == 1 && result.outputText.contains(reason),
                "\(result.outputText)"
            )
            #expect(try place.jobs().isEmpty)
        }

        @Test(
            "It ends with 3 for what will never work, and says why in one line",
            arguments: [
                ("nonsense", "event.malformed"), (S3Message(key: "gone.mp4").text, "input.missing"),
                (S3Message(key: "damaged.mp4").text, "input.damaged"),
                (S3Message(key: "text.mp4").text, "input.unreadable"),
            ]
        )
        func fails(text: String, code: String) async throws {
            try place.drop(Samples.path("damaged.mp4"), "damaged.mp4")
            try place.drop(Samples.path("make-samples.sh"), "text.mp4")
            place.settings["RECAST_LOG_LEVEL"] = "critical"
            let result = try await handle(text)
            #expect(result.status == 3)
            #expect(
                result.errorLines.count == 1 && result.errorText.contains("[\(code)]"),
                "\(result.errorText)"
            )
            #expect(place.files(below: "buckets") == ["media/damaged.mp4", "media/text.mp4"])
            try place.expectNothingLeft()
        }

        @Test(
            "A preset that is missing is the installation's fault: a worker ends with 2, and no job fails for it"
        )
        func missingPreset() async throws {
            try place.drop(Samples.path("surround.mp4"), "a.mp4")
            place.settings["RECAST_RENDITIONS"] = "nonsense"
            for arguments in [["work", "--until-empty"], ["work", "--event", "-"]] {
                let result = try await place.run(arguments, input: S3Message(key: "a.mp4").data)
                #expect(result.status == 2 && result.errorLines.count == 1, "\(result.errorText)")
                #expect(result.errorText.contains("nonsense"))
            }
            #expect(try place.jobs().isEmpty)
        }

        @Test("It ends with 6 when the services cannot be reached, and with 3 when they refuse the key")
        func unreachable() async throws {
            let aws = try await AWSWorkplace()
            let event = S3Message(bucket: aws.bucket, key: "alba/0/a.mp4").data
            let services = ["S3", "DYNAMODB"]
            let closed = services.map { ("AWS_ENDPOINT_URL_\($0)", "http://127.0.0.1:9") }
            for (settings, status) in [
                (Dictionary(uniqueKeysWithValues: closed), Int32(6)),
                (["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"], 6),
                (["AWS_SECRET_ACCESS_KEY": "wrong"], 3),
            ] {
                let result = try await aws.place.run(["work", "--event", "-"], settings, input: event)
                #expect(result.status == status, "\(result.errorText)")
                #expect(!result.errorText.contains("\"wrong\""))
            }
            // Nothing was lost: with the object there, it works.
            _ = try await aws.upload(Samples.path("surround.mp4"), "alba/0/a.mp4")
            let result = try await aws.place.run(["work", "--event", "-"], input: event)
            #expect(result.status == 0, "\(result.errorText)")
            #expect(try await aws.keys() == ["alba/0/a.mp4", "output/web/alba/0/a.mp4"])
        }
    }
}
