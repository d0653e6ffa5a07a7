import Foundation
import IsolatedEngine
import Testing

@Suite("Program pages")
struct ProgramPagesTests {
    @Test("What the start alone needed is given back, and what is needed comes back")
    func givesBack() throws {
        // Reading it needs code that would otherwise come back only now.
        _ = try residentFileKilobytes()
        let before = try residentFileKilobytes()
        let released = ProgramPages.release()
        let after = try residentFileKilobytes()
        #expect(released > 16 << 20)
        // Other tests, which run meanwhile, take back no more than the code that they run.
        #expect(after < before - 4096, "\(before) kB were resident, and \(after) kB are")
        #expect(String(format: "%.3f", 2.0.squareRoot()) == "1.414")
    }

    /// Of what is resident, what lies in files (proc(5)).
    private func residentFileKilobytes() throws -> Int {
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/status"))
        let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]))
    }
}
