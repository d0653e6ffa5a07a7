internal import Foundation

/// A value inside a JSON document, read without assuming anything about its type.
struct EventDocument {
    private let value: Any?

    private init(_ value: Any?) { self.value = value }

    /// The document of a JSON text; `nil` when it is none.
    init?(json text: String) {
        let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
        guard let value else { return nil }
        self.init(value)
    }

    subscript(name: String) -> EventDocument { EventDocument((value as? [String: Any])?[name]) }

    var isObject: Bool { value is [String: Any] }
    var exists: Bool { value != nil && !(value is NSNull) }
    var string: String? { value as? String }
    var array: [EventDocument]? { (value as? [Any])?.map(EventDocument.init) }

    /// A text with something in it.
    var filled: String? { string.flatMap { $0.isEmpty ? nil : $0 } }

    /// A whole number from 0 up, whether it is written as a number or as a text.
    var count: Int64? {
        let number =
            string.flatMap(Int64.init) ?? (value as? NSNumber).flatMap { Int64(exactly: $0.doubleValue) }
        return number.flatMap { $0 < 0 ? nil : $0 }
    }
}
