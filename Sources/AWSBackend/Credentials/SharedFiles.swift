internal import Foundation

/// The files `credentials` and `config` that AWS tools share, and the profile that is chosen in them.
struct SharedFiles {
    /// The settings of the chosen profile; those in `credentials` come first.
    let profile: [String: String]
    let profileName: String
    /// Whether the profile was asked for by name.
    let isNamed: Bool

    init(environment: [String: String]) {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let name = environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"]
        profileName = name ?? "default"
        isNamed = name != nil
        let credentials = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
        let config = environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config"
        let configSection =
            profileName == "default" ? ["default", "profile default"] : ["profile \(profileName)"]
        var profile: [String: String] = [:]
        let configured = Self.sections(Self.read(config, home: home))
        for section in configSection { profile.merge(configured[section] ?? [:]) { $1 } }
        profile.merge(Self.sections(Self.read(credentials, home: home))[profileName] ?? [:]) { $1 }
        self.profile = profile
    }

    private static func read(_ path: String, home: String) -> String {
        let path = path.hasPrefix("~/") ? home + path.dropFirst() : path
        // A file that is not there is an empty one.
        return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The sections of an ini file by name; settings in lower case.
    ///
    /// Comments begin a line with "#" or ";"; an indented line belongs to the setting above it and is
    /// passed over, as none of those read here has any.
    static func sections(_ text: String) -> [String: [String: String]] {
        var sections: [String: [String: String]] = [:]
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                let name = line.dropFirst().prefix { $0 != "]" }
                current = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            } else if let current, let equals = line.firstIndex(of: "=") {
                let key = line[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
                let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
                sections[current, default: [:]][key] = value
            }
        }
        return sections
    }
}
