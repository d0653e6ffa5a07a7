import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("A site that was built on Elastic Transcoder")
    struct OriginalServiceTests {
        @Test(
            "Its handler makes a job, waits, finds the rendition and hears of it by SNS",
            arguments: [Python.old, Python.path].compactMap(\.self)
        )
        func goesOn(python: String) async throws {
            let workplace = try await AWSWorkplace()
            let place = workplace.place
            // Its own bucket: no event starts a job of ours for the same upload.
            let bucket = "films-\(UUID().uuidString.lowercased().prefix(8))"
            try await workplace.boto.call("s3", "create_bucket", ["Bucket": .string(bucket)])
            let clip = try Data(contentsOf: URL(fileURLWithPath: Samples.path("phone-portrait.mp4")))
            let upload: JSON = ["Bucket": .string(bucket), "Key": "Alba/1/a b.mp4", "Body": .bytes(clip)]
            try await workplace.boto.call("s3", "put_object", upload)

            let added = try await place.run(["key", "add"])
            try added.output.write(to: place.workspace.url("key.json"))
            let program = try place.start(["serve", "--listen", "127.0.0.1:0"])
            let line = #/listening on (http:\S+)/#
            _ = try await until(60) { program.outputText.contains(line) || !program.isRunning }
            let match = try #require(program.outputText.firstMatch(of: line), "\(program.errorText)")
            let job = try await Self.handle(String(match.1), bucket, workplace, python)
            #expect(job["Status"] == "Complete")
            #expect(job["Output"]?["Width"] == 404)

            let object = try await workplace.boto.call(
                "s3",
                "get_object",
                ["Bucket": .string(bucket), "Key": "output/web/Alba/1/a b.mp4"]
            )
            let file = place.workspace.url("rendition.mp4")
            try #require(object["Body"]?.data).write(to: file)
            #expect(try Judge.probe(file.path).video?.codec == "h264")
            #expect(try Judge.decodeErrors(file.path) == [])
            let told = try await workplace.notifications()
            #expect(told.map { $0["state"] } == ["COMPLETED"])
            #expect(told.first?["jobId"] == job["Id"])
            #expect(told.first?["outputs"]?.elements.first?["key"] == "web/Alba/1/a b.mp4")
            program.terminate()
            #expect(try await program.end(limit: 60).status == 0)
        }

        private static func handle(
            _ address: String,
            _ bucket: String,
            _ workplace: AWSWorkplace,
            _ python: String
        ) async throws -> JSON {
            let place = workplace.place
            let models = place.workspace.path("models")
            _ = try await place.run(["sdk-model", models])
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("original.py").path
            let result = try await Python.run(
                script,
                [
                    address, place.workspace.path("key.json"), bucket, "Alba/1/a b.mp4",
                    place.settings["RECAST_TOPIC_COMPLETED"] ?? "",
                ],
                // The old client has a model of its own.
                environment: python == Python.path ? ["AWS_DATA_PATH": models] : [:],
                limit: 300,
                python: python
            )
            try #require(result.status == 0, "\(result.errorText)")
            return try JSON(text: result.outputText)
        }
    }
}
