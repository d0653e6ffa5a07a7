import Foundation
import TestMedia
import Testing

@Suite("What make install adds to the program")
struct InstallTests {
    @Test("The manual page tells of every command that the help shows")
    func manual() throws {
        let page = try Tool.recast.run(["manual"])
        let help = try Tool.recast.run(["--help"])
        let rest = try #require(help.outputText.components(separatedBy: "SUBCOMMANDS:\n").last)
        let commands = rest.components(separatedBy: "\n")
            .prefix { $0.hasPrefix("  ") }
            .filter { !$0.hasPrefix("    ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        let lines = Set(page.outputLines)
        #expect(commands.contains("transcode"))
        #expect(page.outputLines.first?.hasPrefix(".Dd ") == true)
        for command in commands { #expect(lines.contains(".Ss \(command)"), "\(command)") }
        #expect(lines.contains(".It Fl o , Fl -output Ar output"))
    }

    @Test("Bash can read its completions")
    func completions() throws {
        let script = try Tool.recast.output(["--generate-completion-script", "bash"])
        let workspace = try Workspace()
        try script.write(to: workspace.url("recast"))
        let check = try Tool("bash").run(["-n", workspace.path("recast")])
        #expect(check.status == 0, "\(check.errorText)")
        #expect(String(decoding: script, as: UTF8.self).contains("--preset"))
    }
}
