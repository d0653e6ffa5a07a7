import Testing
import Transcoding

@testable import Recast

@Suite("The progress bar")
struct ProgressBarTests {
    private let progress = TranscodeProgress(
        seconds: 30,
        totalSeconds: 60,
        frameCount: 900,
        byteCount: 5_000_000,
        elapsed: 10
    )

    @Test("On a wide terminal everything is there")
    func showsAll() {
        let line = ProgressBar.line("clip.mp4", progress, columns: 119)
        #expect(
            line == "clip.mp4  [##########----------]  50%  10 s left  3.0x  90 fps  about 10.0 MB"
        )
    }

    @Test(
        "It never takes more columns than there are, and always says how far it is where that fits",
        arguments: [
            "clip.mp4", String(repeating: "long name ", count: 30), "映画の予告編の長い名前です.mp4", "", "🎬.mov",
        ],
        [1, 5, 20, 30, 39, 59, 79, 119, 300]
    )
    func fits(name: String, columns: Int) {
        let line = ProgressBar.line(name, progress, columns: columns)
        #expect(ProgressBar.width(line) <= columns, "\(line)")
        #expect(line.contains("50%") == (columns >= 30), "\(line)")
        let started = TranscodeProgress(
            seconds: 0,
            totalSeconds: nil,
            frameCount: 0,
            byteCount: 0,
            elapsed: 0
        )
        #expect(ProgressBar.width(ProgressBar.line(name, started, columns: columns)) <= columns)
    }

    @Test("A name is cut in its middle, for its end tells as much")
    func cutsNames() {
        #expect(ProgressBar.cut("holiday-2024-part-2.mp4", to: 12) == "holida…2.mp4")
        #expect(ProgressBar.cut("short.mp4", to: 12) == "short.mp4")
    }

    @Test("What would steer the terminal does not reach it")
    func isHarmless() {
        #expect(Console.harmless("a\u{1B}]0;title\u{7}b\rc") == "a\u{FFFD}]0;title\u{FFFD}b\u{FFFD}c")
        #expect(Console.harmless("two\nlines\té") == "two\nlines\té")
        #expect(!ProgressBar.line("\u{1B}[2J.mp4", progress, columns: 80).contains("\u{1B}"))
    }
}
