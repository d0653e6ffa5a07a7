internal import Synchronization

/// Slows down those who guess passwords: so many failures a minute for an address, and for it and a name.
final class AttemptLimit: Sendable {
    private struct Key: Hashable {
        let address: String
        let name: String?
    }

    private struct Failures {
        var count: Int
        var since: ContinuousClock.Instant
    }

    private static let window = Duration.seconds(60)
    private static let ofName = 5
    private static let ofAddress = 50
    private static let keysLimit = 10_000

    private let failures = Mutex<[Key: Failures]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) { self.now = now }

    /// Seconds to wait before another attempt; `nil` when it may be made now.
    func wait(address: String?, name: String) -> Int? {
        let moment = now()
        let address = address ?? ""
        return failures.withLock { failures in
            let both = [
                (Key(address: address, name: name), Self.ofName),
                (Key(address: address, name: nil), Self.ofAddress),
            ]
            for (key, limit) in both {
                guard let known = failures[key], known.count >= limit else { continue }
                let left = Self.window - known.since.duration(to: moment)
                if left > .zero { return Int(left.components.seconds) + 1 }
            }
            return nil
        }
    }

    func failed(address: String?, name: String) {
        let moment = now()
        let address = address ?? ""
        failures.withLock { failures in
            if failures.count >= Self.keysLimit {
                failures = failures.filter { $0.value.since.duration(to: moment) < Self.window }
            }
            if failures.count >= Self.keysLimit { failures.removeAll() }
            for key in [Key(address: address, name: name), Key(address: address, name: nil)] {
                var known = failures[key] ?? Failures(count: 0, since: moment)
                if known.since.duration(to: moment) >= Self.window {
                    known = Failures(count: 0, since: moment)
                }
                known.count += 1
                failures[key] = known
            }
        }
    }

    func succeeded(address: String?, name: String) {
        failures.withLock { _ = $0.removeValue(forKey: Key(address: address ?? "", name: name)) }
    }
}
