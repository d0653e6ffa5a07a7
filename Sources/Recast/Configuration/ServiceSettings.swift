internal import Foundation
internal import Glibc

/// How `recast serve` is reached, and by whom.
struct ServiceSettings: Sendable {
    var listen: ListenAddress
    /// The address by which clients know the service; `nil` takes the one they use.
    var publicURL: String?
    /// Whether uploads get keys with a part that nobody can guess.
    var unguessableKeys: Bool
    /// Bytes an upload may have.
    var uploadLimit: Int64
    var connectionLimit: Int
    var accessKeyID: String?
    var secretAccessKey: Configuration.Secret?
    /// What Prometheus sends as a bearer token.
    var metricsToken: Configuration.Secret?
    /// Hashes of passwords by the names of users.
    var users: [String: Configuration.Secret]

    static func read(_ reader: inout ConfigurationReader) -> ServiceSettings {
        var settings = ServiceSettings(
            listen: reader.read("listen", "RECAST_LISTEN", .listenAddress, default: .standard),
            publicURL: reader.read("publicURL", "RECAST_PUBLIC_URL", .address(hidesPath: false)),
            unguessableKeys: reader.read(
                "unguessableKeys",
                "RECAST_UNGUESSABLE_KEYS",
                .truth,
                default: false
            ),
            uploadLimit: reader.read(
                "uploadLimit",
                "RECAST_UPLOAD_LIMIT",
                .bytes(1...(5 << 30)),
                default: 5 << 30
            ),
            connectionLimit: reader.read(
                "connectionLimit",
                "RECAST_CONNECTION_LIMIT",
                .whole(1...100_000),
                default: 4096
            ),
            accessKeyID: reader.read("accessKeyID", "RECAST_ACCESS_KEY_ID", .accessKeyID),
            secretAccessKey: reader.read("secretAccessKey", "RECAST_SECRET_ACCESS_KEY", .secret)
                .map(Configuration.Secret.init),
            metricsToken: reader.read("metricsToken", "RECAST_METRICS_TOKEN", .secret)
                .map(Configuration.Secret.init),
            users: [:]
        )
        for index in 0..<reader.count(of: "users") {
            let name = reader.read("users[\(index)].name", nil, .text(), default: "")
            let password = reader.read("users[\(index)].password", nil, .passwordHash, default: "")
            if !password.isEmpty { settings.users[name] = Configuration.Secret(value: password) }
        }
        if (settings.accessKeyID == nil) != (settings.secretAccessKey == nil) {
            let missing = settings.accessKeyID == nil ? "accessKeyID" : "secretAccessKey"
            reader.report(missing, "an access key needs both its id and its secret")
        }
        return settings
    }
}

/// Where the service waits for connections.
struct ListenAddress: Sendable, Equatable {
    /// A name or an address, without brackets.
    let host: String
    /// 0 takes any free one.
    let port: Int

    static let standard = ListenAddress(host: "127.0.0.1", port: 8080)

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`; an IPv6 address stands in brackets.
    init?(_ text: String) {
        guard let match = text.wholeMatch(of: #/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.\-]+)):(\d{1,5})/#),
            let host = match.1 ?? match.2, let port = Int(match.3), port <= 65_535
        else { return nil }
        self.init(host: String(host), port: port)
    }

    var text: String { "\(writtenHost):\(port)" }
    var writtenHost: String { host.contains(":") ? "[\(host)]" : host }

    /// Whether only this machine reaches it.
    var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        var address = in_addr()
        guard inet_pton(AF_INET, host, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}

extension SettingKind<ListenAddress> {
    fileprivate static var listenAddress: Self {
        SettingKind(
            allowed: "an address and a port, such as 127.0.0.1:8080, 0.0.0.0:80 or [::1]:8080",
            parse: { given in given.single.flatMap { ListenAddress($0) } },
            show: { $0.text }
        )
    }
}

extension SettingKind<String> {
    fileprivate static var accessKeyID: Self {
        text("16 to 128 capital letters and digits") { text in
            (16...128).contains(text.utf8.count) && text.wholeMatch(of: #/[A-Z0-9]+/#) != nil
        }
    }

    /// What `recast user hash` prints; never shown.
    fileprivate static var passwordHash: Self {
        SettingKind(
            allowed: "what `recast user hash` prints",
            parse: { given in given.single.flatMap { $0.hasPrefix("$scrypt$") ? $0 : nil } },
            show: { _ in "***" },
            showWrong: { _ in "***" }
        )
    }
}
