import Foundation
import TestMedia
import Testing

@Suite("The library's example")
struct ExampleTests {
    @Test("What the README shows is short, is what is compiled, and makes a video")
    func works() throws {
        let root = Samples.packageRoot
        let source = try String(
            contentsOf: root.appendingPathComponent("Tests/Example/main.swift"),
            encoding: .utf8
        )
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(readme.contains("```swift\n\(source)```\n"))
        #expect(source.split(separator: "\n").count <= 15)

        let workspace = try Workspace()
        try ClipRecipe(seconds: 1).make(workspace.url("clip.mov"))
        try FileManager.default.copyItem(
            at: root.appendingPathComponent("presets"),
            to: workspace.url("presets")
        )
        let example = Tool.built("Example").path
        let result = try Tool("/usr/bin/env").run(["-C", workspace.folder.path, example])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(result.outputLines.last?.hasPrefix("1.0") == true, "\(result.outputText)")
        #expect(try Judge.probe(workspace.url("clip.mp4").path).video?.codec == "h264")
    }
}
