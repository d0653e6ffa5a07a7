/// Guesses which name was meant.
package enum NearestNames {
    /// The known names that are like a wrong one, the nearest first: misspelt, or only a part of the name.
    ///
    /// At most `limit` of them.
    package static func of(_ wrong: String, among known: [String], limit: Int = 3) -> [String] {
        let wrong = wrong.lowercased()
        guard !wrong.isEmpty, wrong.utf8.count <= 64 else { return [] }
        let most = max(1, wrong.count / 3)
        let near = Set(known).compactMap { name -> (name: String, rank: Int)? in
            let distance = distance(wrong, name.lowercased())
            if distance <= most { return (name, distance) }
            // After those that are misspelt.
            return wrong.count > 1 && name.lowercased().contains(wrong) ? (name, 100) : nil
        }
        return near.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(limit).map(\.name)
    }

    /// How many letters must be changed, added, left out or swapped with their neighbour (Damerau's distance of
    /// optimal string alignment).
    package static func distance(_ first: String, _ second: String) -> Int {
        let (first, second) = (Array(first), Array(second))
        var before: [Int] = []
        var row = Array(0...second.count)
        for line in first.indices {
            var next = [line + 1]
            for column in second.indices {
                let change = row[column] + (first[line] == second[column] ? 0 : 1)
                var least = min(change, row[column + 1] + 1, next[column] + 1)
                if line > 0, column > 0, first[line] == second[column - 1], first[line - 1] == second[column]
                {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[second.count]
    }

    /// `did you mean web, web-av1 or web-hevc?`; `nil` when there is nothing to suggest.
    package static func question(_ names: [String]) -> String? {
        guard let last = names.last else { return nil }
        let others = names.dropLast().joined(separator: ", ")
        return "did you mean \(others.isEmpty ? last : "\(others) or \(last)")?"
    }
}
