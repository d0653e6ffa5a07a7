package import Foundation

/// The ids of jobs: 13 digits of epoch milliseconds, a hyphen, 6 lower-case letters or digits.
///
/// Elastic Transcoder's have this form; their order is that of the jobs' creation.
package enum JobID {
    private static let characters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    private static let lastMillisecond = 9_999_999_999_999.0

    package static func make(now: Date, random: inout some RandomNumberGenerator) -> String {
        let milliseconds = (now.timeIntervalSince1970 * 1000).rounded(.down)
        let inRange = milliseconds.isNaN ? 0 : min(max(0, milliseconds), lastMillisecond)
        let digits = String(Int64(inRange))
        let end = (0..<6).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] }
        return String(repeating: "0", count: 13 - digits.count) + digits + "-" + String(end)
    }

    package static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 20, bytes[13] == UInt8(ascii: "-") else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return bytes[..<13].allSatisfy(digits.contains)
            && bytes[14...].allSatisfy { digits.contains($0) || letters.contains($0) }
    }
}
