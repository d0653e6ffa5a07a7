import Foundation
import TestMedia
import Testing

@Suite("recast config")
struct ConfigCommandTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("It shows every setting with its source, and no secret")
    func showsSettings() throws {
        let path = try write(
            "concurrency: 3\nwebhook: {url: 'https://hooks.example/hush', secret: hush-hush-hush-hush}\n"
        )
        let text = try RecastProgram.tool.run(["config", "--config", path, "--threads", "2"])
        #expect(text.status == 0 && !text.outputText.contains("hush"), "\(text.errorText)")
        #expect(text.outputLines.contains { $0.hasPrefix("concurrency ") && $0.hasSuffix("\(path), line 1") })
        #expect(text.outputLines.contains { $0.hasPrefix("threads ") && $0.hasSuffix("--threads") })

        let json = try RecastProgram.tool.run(["config", "--config", path, "--json"])
        let document =
            try JSONSerialization.jsonObject(with: json.output) as? [String: [String: [String: Any]]]
        let settings = try #require(document?["settings"])
        #expect(settings["concurrency"]?["value"] as? Int == 3)
        #expect(settings["renditions"]?["value"] as? [String] == ["web"])
        #expect(settings["webhook.secret"]?["value"] as? String == "***")
        #expect(settings["visibilityTimeout"]?["source"] as? String == "default")
    }

    @Test("Wrong settings end it with 2, one line each on standard error")
    func namesProblems() throws {
        let path = try write("concurrency: 0\nlog: {level: loud}\n")
        let result = try RecastProgram.tool.run(["config", "--config", path, "--json"])
        #expect(result.status == 2)
        #expect(result.errorLines.count == 2, "\(result.errorText)")
        let document = try JSONSerialization.jsonObject(with: result.output) as? [String: [[String: Any]]]
        #expect(
            document?["problems"]?.compactMap { $0["setting"] as? String } == ["concurrency", "log.level"]
        )
    }

    private func write(_ text: String) throws -> String {
        try Data(text.utf8).write(to: workspace.url("settings.yaml"))
        return workspace.path("settings.yaml")
    }
}
