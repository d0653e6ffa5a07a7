internal import Jobs

/// Where objects are noticed.
package struct WatchedFolder: Sendable, Equatable {
    package let bucket: String
    /// What keys begin with.
    package let prefix: String
    /// Beginnings of keys that are not noticed, because outputs go there.
    package let excludedPrefixes: [String]

    package init(bucket: String, prefix: String = "", excludedPrefixes: [String] = []) {
        self.bucket = bucket
        self.prefix = prefix
        self.excludedPrefixes = excludedPrefixes
    }

    /// How programs call files that they have not finished.
    private static let temporaryEndings = [".part", ".tmp", ".crdownload"]

    func holds(_ location: ObjectLocation) -> Bool { location.bucket == bucket && notices(location.key) }

    /// Whether an object of that key would be noticed here.
    ///
    /// Hidden files and files in hidden folders are not, nor are those that end like unfinished ones.
    func notices(_ key: String) -> Bool {
        let isHidden = key.utf8.first == UInt8(ascii: ".") || key.utf8.contains(pair: "/.")
        return key.utf8.starts(with: prefix.utf8) && !isHidden
            && !excludedPrefixes.contains { key.utf8.starts(with: $0.utf8) }
            && !Self.temporaryEndings.contains { key.lowercased().hasSuffix($0) }
    }
}

extension String.UTF8View {
    /// Whether the two bytes of `pair` follow each other somewhere.
    fileprivate func contains(pair: StaticString) -> Bool {
        zip(self, dropFirst()).contains { $0 == pair.utf8Start[0] && $1 == pair.utf8Start[1] }
    }
}
