import Foundation
import TestMedia
import Testing

@Suite("Confinement")
struct ConfinementTests {
    private static let attempts = [
        "read /etc/passwd", "read its environment", "read the parent's memory", "create a file",
        "list a folder", "connect by TCP", "run a program", "signal its parent", "become root",
        "raise its core limit",
    ]

    private func probe(_ arguments: [String]) throws -> [String: String] {
        let result = try Tool.built("EngineProbe").run(arguments)
        try #require(result.status == 0 && !result.wasSignalled, "\(result.errorText)")
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.compactMap { line in
                let parts = line.split(separator: ": ")
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            }
        )
    }

    @Test("Code in a confined process reaches no file, program, process or network")
    func deniesEverything() throws {
        let answers = try probe(["confined"])
        #expect(answers["seccomp"] == "worked")
        for attempt in Self.attempts { #expect(answers[attempt] == "denied", "\(attempt)") }
    }

    @Test("The same code outside reaches them, so the test can fail")
    func worksOutside() throws {
        let answers = try probe(["open"])
        for attempt in [
            "read /etc/passwd", "create a file", "list a folder", "connect by TCP", "run a program",
        ] {
            #expect(answers[attempt] == "worked", "\(attempt)")
        }
    }

    @Test("The command of the engine's process tells a person what it is for")
    func explainsItself() throws {
        let result = try Tool.recast.run(["engine"])
        #expect(result.status == 2)
        #expect(result.errorLines.count == 1)
    }
}
