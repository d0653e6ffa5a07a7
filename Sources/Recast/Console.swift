internal import Foundation
internal import Glibc
internal import Transcoding

/// Lines for people on standard error, results on standard output.
enum Console {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func error(_ line: String) { write(line + "\n", to: .standardError) }
    static func print(_ line: String) { write(line + "\n", to: .standardOutput) }
    static func status(_ text: String) { write(text, to: .standardError) }

    /// One JSON object on a line of its own, keys in alphabetical order.
    static func event(_ fields: [String: any Sendable]) {
        guard
            let data = try? JSONSerialization.data(
                withJSONObject: fields,
                options: [.sortedKeys, .withoutEscapingSlashes]
            )
        else {
            return
        }
        print(String(decoding: data, as: UTF8.self))
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that went away is no reason to stop a transcode.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}

/// Draws the progress of one transcode on a terminal.
struct ProgressBar: Sendable {
    let name: String

    func draw(_ progress: TranscodeProgress) {
        let speed = progress.seconds / max(progress.elapsed, 0.001)
        let rate = Double(progress.frameCount) / max(progress.elapsed, 0.001)
        var line = String(format: "%@  %.0f fps  %.1fx", name, rate, speed)
        if let total = progress.totalSeconds, total > 0, progress.seconds > 0 {
            let share = min(1, progress.seconds / total)
            let filled = Int(share * 24)
            let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 24 - filled)
            let left = Int((progress.elapsed / share - progress.elapsed).rounded())
            let size = Double(progress.byteCount) / share / 1e6
            line = String(
                format: "%@  [%@] %3.0f%%  %.0f fps  %.1fx  %d s left  about %.1f MB",
                name,
                bar,
                share * 100,
                rate,
                speed,
                left,
                size
            )
        }
        Console.status("\r\u{1B}[K" + line)
    }

    func clear() { Console.status("\r\u{1B}[K") }
}
