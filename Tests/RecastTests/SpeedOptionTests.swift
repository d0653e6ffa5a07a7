import ArgumentParser
import Testing
import Transcoding

@testable import Recast

@Suite("The speed on the command line")
struct SpeedOptionTests {
    @Test("Each of the four is taken", arguments: EngineOptions.Speed.allCases)
    func takes(speed: EngineOptions.Speed) throws {
        #expect(try SpeedOption.parse(["--speed", speed.rawValue]).speed == speed)
    }

    @Test("Without it the preset's holds")
    func leaves() throws { #expect(try SpeedOption.parse([]).speed == nil) }

    @Test(
        "Another name is refused with those that are allowed",
        arguments: ["normal", "thorough", "Best", ""]
    )
    func refuses(text: String) {
        do {
            _ = try SpeedOption.parse(["--speed", text])
            Issue.record("\(text) was taken")
        } catch {
            #expect(SpeedOption.message(for: error).contains("fastest, fast, balanced, best"))
        }
    }
}
