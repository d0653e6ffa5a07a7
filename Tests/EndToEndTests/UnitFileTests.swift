import Foundation
import TestMedia
import Testing

@Suite("The unit file for systemd")
struct UnitFileTests {
    private let text: String
    private let entries: [(name: String, value: String)]

    init() throws {
        let url = Samples.packageRoot.appendingPathComponent("deploy/recast.service")
        text = try String(contentsOf: url, encoding: .utf8)
        entries = text.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let mark = line.firstIndex(of: "=") else { return nil }
            return (String(line[..<mark]), String(line[line.index(after: mark)...]))
        }
    }

    private func value(_ name: String) throws -> String {
        try #require(entries.first { $0.name == name }?.value, "\(name)")
    }

    @Test("Its command, with its variables, takes the settings and leaves jobs their time to stop")
    func hasSettings() throws {
        let words = try value("ExecStart").split(separator: " ")
        #expect(words.first == "/usr/local/bin/recast")
        let command = try #require(words.dropFirst().first)
        #expect(
            try RecastProgram.tool.run(["help", String(command)]).outputText.contains("recast \(command)")
        )

        let variables = try value("Environment").split(separator: " ").map(String.init)
        let result = try Tool("/usr/bin/env").run(
            ["-C", "/", "-i"] + variables + [RecastProgram.tool.path, "config", "--json"]
        )
        #expect(result.status == 0, "\(result.errorText)")
        let shown = try JSONSerialization.jsonObject(with: result.output) as? [String: Any]
        let settings = try #require(shown?["settings"] as? [String: [String: Any]])
        #expect(settings["data"]?["value"] as? String == "/var/lib/\(try value("StateDirectory"))")
        let grace = try #require(settings["gracePeriod"]?["value"] as? Double)
        #expect(try #require(Double(try value("TimeoutStopSec"))) >= grace + 5)
    }

    @Test(
        "systemd finds nothing wrong with it",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"))
    )
    func isValid() throws {
        let workspace = try Workspace()
        let unit = workspace.url("recast.service")
        // It looks for the program as well.
        let here = text.replacing("/usr/local/bin/recast", with: "/bin/true")
            .replacing("Documentation=man:recast(1)\n", with: "")
        try here.write(to: unit, atomically: true, encoding: .utf8)
        let result = try Tool("/usr/bin/systemd-analyze").run(["verify", unit.path])
        let complaints = result.errorLines.filter { $0.contains("recast.service") }
        #expect(result.status == 0 || complaints.isEmpty, "\(result.errorText)")
        #expect(complaints.isEmpty, "\(result.errorText)")
    }
}
