internal import Synchronization

/// The index by which the records of one mail are found, and whether the site's table has it.
///
/// The table is the site's own, whose keys do not begin with the mail. Who adds a global secondary index of
/// this name, with the keys `Mail` and `ProjectStep`, spares every listing from reading the table through.
final class MailIndex: Sendable {
    static let name = "records-by-mail"
    /// How long it is not asked for again after it was missing.
    private static let pause = Duration.seconds(300)

    private let missing = Mutex<ContinuousClock.Instant?>(nil)

    /// Whether to ask for it.
    var isWorthATry: Bool {
        missing.withLock { missing in missing.map { $0.duration(to: .now) > Self.pause } ?? true }
    }

    func wasMissing() { missing.withLock { $0 = .now } }
}
