internal import Foundation
internal import Glibc
internal import Transcoding

/// Lines for people on standard error, results on standard output.
enum Console {
    /// Whether standard error is a terminal on which a line can be drawn again.
    static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
    }
    /// The columns of that terminal; 80 when it does not say.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// One line, also of text that would make several.
    static func error(_ line: String) {
        write(harmless(line.replacing("\n", with: "\u{FFFD}")) + "\n", to: .standardError)
    }

    static func print(_ line: String) { write(harmless(line) + "\n", to: .standardOutput) }
    /// A word to a person where a program would get no line at all.
    static func remark(_ line: String) { if isatty(STDERR_FILENO) == 1 { error("recast: \(line)") } }
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

    /// The text without what would steer a terminal: names of files may hold any character.
    static func harmless(_ text: String) -> String {
        let isControl = { (scalar: Unicode.Scalar) in
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that went away is no reason to stop a transcode.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
