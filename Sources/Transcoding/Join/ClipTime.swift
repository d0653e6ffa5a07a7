/// Times as people write them: `90`, `90.5`, `1:30.5` or `0:01:30.5`.
public enum ClipTime {
    /// The seconds that `text` means, at most a million; `nil` when it means none.
    public static func seconds(_ text: String) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), let last = parts.last, let seconds = number(last) else {
            return nil
        }
        var total = 0.0
        for (index, part) in parts.dropLast().enumerated() {
            guard part.count <= 6, part.allSatisfy({ ("0"..."9").contains($0) }), let value = Int(part) else {
                return nil
            }
            // Only the first may be more than an hour or a minute has.
            if index > 0, value >= 60 { return nil }
            total = (total + Double(value)) * 60
        }
        if parts.count > 1, seconds >= 60 { return nil }
        let sum = total + seconds
        return sum <= 1_000_000 ? sum : nil
    }

    private static func number(_ text: Substring) -> Double? {
        let digits = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard digits.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }), digits[0].count <= 7,
            digits.contains(where: { !$0.isEmpty })
        else { return nil }
        return Double("0" + text)
    }
}
