internal import Foundation

/// The dates of HTTP headers, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The moment a header names; `nil` when it is not in the one form that servers may write.
    static func date(_ text: String) -> Date? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2, parts[3].count == 4,
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return try? Date("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z", strategy: .iso8601)
    }

    /// What `Retry-After` asks for in seconds, whether it says so in seconds or as a date.
    static func seconds(_ text: String?, from now: Date) -> Double? {
        guard let text else { return nil }
        if let seconds = Double(text), seconds >= 0, seconds.isFinite { return seconds }
        return date(text).map { max(0, $0.timeIntervalSince(now)) }
    }
}
