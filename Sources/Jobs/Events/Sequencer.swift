/// The order of the versions of one object key, as S3 events state it.
///
/// S3 says: hexadecimal, compared per key, the shorter of two padded on the right with zeros
/// (Amazon S3 User Guide, "Event message structure").
package enum Sequencer {
    /// Every sequencer that fits compares as text once padded to this length.
    package static let length = 64

    /// Lower-case, padded on the right with zeros; text that is longer is kept whole.
    package static func padded(_ sequencer: String?) -> String {
        let text = (sequencer ?? "").lowercased()
        return text + String(repeating: "0", count: max(0, length - text.count))
    }

    /// Whether `first` is an older version than `second`.
    package static func isOlder(_ first: String?, than second: String?) -> Bool {
        padded(first) < padded(second)
    }
}
