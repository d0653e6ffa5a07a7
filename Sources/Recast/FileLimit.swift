internal import Glibc

/// How many files, connections among them, the process may have open.
enum FileLimit {
    private static let wanted: rlim_t = 65_536
    /// What everything but connections needs.
    private static let reserve = 256

    /// Raises the limit as far as it goes and is worth it.
    static func raise() {
        guard var limit = current, limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(limit.rlim_max, wanted)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Connections that fit under the limit.
    static var connections: Int {
        guard let limit = current else { return 1024 }
        return max(64, Int(min(limit.rlim_cur, wanted)) - reserve)
    }

    private static var current: rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
