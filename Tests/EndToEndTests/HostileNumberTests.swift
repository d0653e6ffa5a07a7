import Foundation
import TestMedia
import Testing

@Suite("Absurd numbers in inputs", .serialized)
struct HostileNumberTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("One absurd number leads to a whole output or to a clear refusal, soon")
    func survives() throws {
        let outputs = try workspace.subfolder("outputs")
        let files = HostileFiles(in: try workspace.subfolder("inputs"))
        for number in HostileNumber.all {
            let output = outputs.appendingPathComponent("out.mp4")
            let result = try Tool.recast.run(
                ["transcode", try files.number(number), "-o", output.path, "--preset", "generic-320x240"],
                limit: 60
            )
            #expect(!result.wasSignalled, "\(number): ended by signal \(result.status)")
            #expect(result.seconds < 30, "\(number): \(result.seconds) s")
            guard result.status == 0 else {
                #expect([3, 4].contains(result.status), "\(number): \(result.errorText)")
                #expect(result.errorLines.count == 1, "\(number): \(result.errorText)")
                #expect(contents(of: outputs) == [], "\(number)")
                continue
            }
            // The numbers may mean another length, but what is shown has one, and decodes.
            let duration = try #require(try Judge.probe(output.path).format.duration)
            #expect(duration > 0 && duration < 700, "\(number): \(duration) s")
            #expect(try Judge.decodeErrors(output.path) == [], "\(number)")
            try FileManager.default.removeItem(at: output)
        }
    }
}
