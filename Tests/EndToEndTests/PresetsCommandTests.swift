import Foundation
import TestMedia
import Testing

@Suite("recast presets")
struct PresetsCommandTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func run(_ arguments: String...) throws -> Tool.Result {
        try RecastProgram.tool.run(["presets"] + arguments, limit: 60)
    }

    private func lines(_ result: Tool.Result) -> [Substring] {
        String(decoding: result.output, as: UTF8.self).split(separator: "\n")
    }

    @Test("It lists every preset there is, and all of them can be made")
    func lists() throws {
        let folder = Samples.packageRoot.appendingPathComponent("presets")
        let names = contents(of: folder).filter { $0.hasSuffix(".json") }.map { $0.dropLast(5) }
        let plain = try run()
        #expect(plain.status == 0)
        #expect(lines(plain).map { $0.prefix { $0 != " " } } == names.sorted())
        let listed = try lines(try run("--json")).map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(listed.count == names.count && listed.allSatisfy { $0["isUsable"] as? Bool == true })
    }

    @Test("It shows a preset by name or id, and as JSON the document itself")
    func shows() throws {
        let byName = try run("web")
        #expect(
            byName.status == 0
                && lines(byName).contains { $0.contains("Video.BitRate") && $0.hasSuffix("2200 kbit/s") }
        )
        #expect(try run("1351620000001-100070").output == byName.output)
        let file = try Data(contentsOf: Samples.packageRoot.appendingPathComponent("presets/gif.json"))
        let document =
            try JSONSerialization.jsonObject(with: try run("gif", "--json").output) as? NSDictionary
        #expect(document == (try JSONSerialization.jsonObject(with: file) as? NSDictionary))
        #expect(try run("nosuch").status == 2)
    }

    @Test("Every problem of a file is said, and a good one has none")
    func checks() throws {
        let good = Samples.packageRoot.appendingPathComponent("presets/web.json").path
        #expect(try run("check", good).status == 0)
        let bad = workspace.url("bad.json")
        try Data(#"{"Container": "wav", "Audio": {"Codec": "mp3", "Channels": "7"}, "Vide": 1}"#.utf8).write(
            to: bad
        )
        let result = try run("check", good, bad.path)
        #expect(result.status == 2)
        for name in ["Vide", "Audio.Codec", "Audio.Channels", "Audio.SampleRate"] {
            #expect(result.errorLines.contains { $0.contains(name) }, "\(name) is not named")
        }
        #expect(try run("check", workspace.path("missing.json")).status == 2)
    }
}
