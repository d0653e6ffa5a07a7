import Foundation
import TestMedia
import TestServers
import Testing

@Suite("Elastic Transcoder's clients and recast serve")
struct ElasticTranscoderServiceTests {
    @Test(
        "A client makes pipelines, presets and jobs, waits, hears of failures, pauses and cancels",
        arguments: [Python.old, Python.path].compactMap(\.self)
    )
    func serves(python: String) async throws {
        let served = try ServedProgram.start()
        do {
            try await work(served, python)
        } catch {
            _ = try served.stop()
            throw error
        }
        let result = try served.stop()
        #expect(result.status == 0, "\(result.errorText)")
        try await Self.checkMessages(of: served)
    }

    private func work(_ served: ServedProgram, _ python: String) async throws {
        let data = served.workspace.url("data")
        let folder = data.appendingPathComponent("buckets/media/in")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: data.appendingPathComponent("buckets/out"),
            withIntermediateDirectories: true
        )
        _ = try ClipRecipe(width: 640, height: 360, seconds: 2).make(
            folder.appendingPathComponent("clip.mp4")
        )
        let key = try RecastProgram.tool.run(["key", "add", "--data", data.path], limit: 60)
        try key.output.write(to: served.workspace.url("key.json"))
        let models = served.workspace.path("models")
        _ = try RecastProgram.tool.run(["sdk-model", models], limit: 60)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("service.py").path
        let result = try await Python.run(
            script,
            [served.address, served.workspace.path("key.json")],
            // The old client has a model of its own.
            environment: python == Python.path ? ["AWS_DATA_PATH": models] : [:],
            limit: 300,
            python: python
        )
        try #require(result.status == 0, "\(result.errorText)")
        try Self.check(try JSON(text: result.outputText), data)
    }

    private static func check(_ seen: JSON, _ data: URL) throws {
        #expect(seen["strangers"] == "InvalidSignatureException")
        let complete = try #require(seen["complete"])
        #expect(complete["Status"] == "Complete" && complete["Output"]?["Width"] == 640)
        #expect(complete["Input"]?["DetectedProperties"]?["Width"] == 640)
        let path = data.appendingPathComponent("buckets/out/web/a.mp4").path
        let probe = try Judge.probe(path)
        #expect(probe.video?.codec == "h264")
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(complete["Output"]?["FileSize"]?.number == Double(size))
        for (name, code) in [("again", "3002 "), ("missing", "3001 ")] {
            #expect(seen[name]?["Status"] == "Error")
            #expect(seen[name]?["Output"]?["StatusDetail"]?.string?.hasPrefix(code) == true)
        }
        #expect(seen["small"]?["Output"]?["Width"] == 320)
        #expect(seen["inUse"] == "ResourceInUseException" && seen["gone"] == "ResourceNotFoundException")
        #expect(
            seen["held"] == "Submitted" && seen["resumed"] == "Complete" && seen["canceled"] == "Canceled"
        )
        #expect(seen["jobs"] == ["Complete", "Error", "Error", "Complete", "Complete", "Canceled"])
    }

    /// What was sent to the topic is in the data folder's log.
    private static func checkMessages(of served: ServedProgram) async throws {
        let source = """
            import json, sqlite3, sys
            rows = sqlite3.connect(sys.argv[1]).execute(
                "SELECT subject, message FROM notifications WHERE topic LIKE 'arn:%' ORDER BY number"
            )
            print(json.dumps([[subject.split(" job ")[0], json.loads(text)] for subject, text in rows]))
            """
        let file = served.workspace.path("data/recast.sqlite")
        let messages = try JSON(
            text: String(decoding: try await Python.output(source: source, [file]), as: UTF8.self)
        )
        .elements.compactMap(\.elements.last)
        #expect(
            messages.map { $0["state"] } == [
                "PROGRESSING", "COMPLETED", "PROGRESSING", "ERROR", "PROGRESSING", "ERROR", "PROGRESSING",
                "COMPLETED",
                "PROGRESSING", "COMPLETED",
            ]
        )
        let outputError = messages.first { $0["state"] == "ERROR" }
        #expect(outputError?["outputs"]?.elements.first?["errorCode"] == 3002)
        #expect(messages.last { $0["state"] == "ERROR" }?["errorCode"] == 3001)
    }
}
