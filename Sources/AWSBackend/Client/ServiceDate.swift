internal import Foundation

/// The dates in the services' documents: ISO 8601, with or without fractions of a second.
enum ServiceDate {
    static func date(_ text: String) -> Date? {
        if let date = try? Date(text, strategy: .iso8601) { return date }
        return try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
