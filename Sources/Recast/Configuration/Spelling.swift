internal import Transcoding

/// Guesses which name was meant.
enum Spelling {
    /// The known name nearest to a wrong one, when it is near enough.
    static func suggestion(for wrong: String, among known: Set<String>) -> String? {
        // What others call a rendition's settings, and what they are called inside the program.
        if wrong.hasSuffix("presets") {
            let name = wrong.dropLast("presets".count) + "renditions"
            if known.contains(String(name)) { return String(name) }
        }
        let members = known.filter { $0.hasPrefix(wrong + ".") }.sorted()
        if !members.isEmpty { return members.joined(separator: ", ") }
        let candidates = known.map {
            (name: $0, distance: NearestNames.distance(wrong.lowercased(), $0.lowercased()))
        }
        let nearest = candidates.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return nearest.flatMap { $0.distance <= 2 ? $0.name : nil }
    }

    /// The variable of the setting whose name a wrong variable spells: `RECAST_INPUT_BUCKET`, say.
    static func variable(_ wrong: String, of entries: [SettingEntry]) -> String? {
        entries.first { "RECAST_" + screaming($0.name) == wrong }?.variable
    }

    /// `limits.maxWidth` as `LIMITS_MAX_WIDTH`.
    static func screaming(_ name: String) -> String {
        words(name).joined(separator: "_").uppercased()
    }

    /// `limits.maxWidth` as `limits-max-width`.
    static func kebab(_ name: String) -> String {
        words(name).joined(separator: "-").lowercased()
    }

    /// The words of a name; neighbouring capitals are one word.
    private static func words(_ name: String) -> [String] {
        var words: [String] = []
        var isInCapitals = false
        for character in name {
            if character == "." {
                words.append("")
                isInCapitals = true
            } else if words.isEmpty || (character.isUppercase && !isInCapitals) {
                words.append(String(character))
                isInCapitals = character.isUppercase
            } else {
                words[words.count - 1].append(character)
                isInCapitals = character.isUppercase
            }
        }
        return words
    }
}
