internal import Foundation
internal import Transcoding

/// Draws the progress of one transcode on a terminal.
struct ProgressBar: Sendable {
    let name: String

    func draw(_ progress: TranscodeProgress) {
        // The last column stays empty: terminals begin a new line after it.
        Console.status("\r\u{1B}[K" + Self.line(name, progress, columns: Console.columns - 1))
    }

    func clear() { Console.status("\r\u{1B}[K") }

    /// One line that takes up at most `columns`: what matters least is left out, and the name is cut, where it
    /// would be longer.
    static func line(_ name: String, _ progress: TranscodeProgress, columns: Int) -> String {
        let name = Console.harmless(name)
        let parts = parts(progress)
        for count in stride(from: parts.count, through: 1, by: -1) {
            let rest = parts.prefix(count).joined(separator: "  ")
            let room = columns - rest.count - 2
            if width(name) <= room { return "\(name)  \(rest)" }
            // A few letters of the name tell more than the figures at the end.
            if room >= 24 || count == 1 { return (cut(name, to: room) + "  " + rest).trimmed(to: columns) }
        }
        return cut(name, to: columns)
    }

    /// What is shown after the name, by importance.
    private static func parts(_ progress: TranscodeProgress) -> [String] {
        let elapsed = max(progress.elapsed, 0.001)
        let fps = String(format: "%.0f fps", Double(progress.frameCount) / elapsed)
        let speed = String(format: "%.1fx", progress.seconds / elapsed)
        guard progress.seconds > 0 else { return [] }
        guard let total = progress.totalSeconds, total > 0 else { return [speed, fps] }
        let share = min(1, progress.seconds / total)
        let left = Int((progress.elapsed / share - progress.elapsed).rounded())
        let filled = Int(share * 20)
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled)
        return [
            String(format: "[%@] %3.0f%%", bar, share * 100), "\(left) s left", speed, fps,
            String(format: "about %.1f MB", Double(progress.byteCount) / share / 1e6),
        ]
    }

    /// The text with its middle left out where it is wider than `columns`.
    static func cut(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var (front, back) = (Array(text), [Character]())
        // Ends tell names apart as well as beginnings do.
        back = Array(front.suffix(front.count / 2))
        front.removeLast(back.count)
        while width(String(front)) + width(String(back)) + 1 > columns {
            if front.count > back.count {
                front.removeLast()
            } else if !back.isEmpty {
                back.removeFirst()
            } else {
                break
            }
        }
        return String(front) + "…" + String(back)
    }

    /// Columns a text takes up; letters of East Asia and pictograms take two.
    static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + (isWide($1) ? 2 : 1) }
    }

    private static func isWide(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first?.value else { return false }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60,
            0x1F300...0x1FAFF, 0x20000...0x3FFFD,
        ]
        return wide.contains { $0.contains(scalar) }
    }
}

extension String {
    fileprivate func trimmed(to columns: Int) -> String {
        ProgressBar.width(self) <= columns ? self : String(prefix(max(0, columns)))
    }
}
