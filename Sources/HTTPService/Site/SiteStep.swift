/// The number of a project's step, read as the site's clients expect it to be.
package enum SiteStep {
    /// Reads a step as Python's `int()` does, and anything that is no number as 0.
    ///
    /// Returns `nil` for a number that no record can hold.
    package static func parse(_ text: String) -> Int? {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first, scalar.properties.isWhitespace { rest.removeFirst() }
        while let scalar = rest.last, scalar.properties.isWhitespace { rest.removeLast() }
        var isNegative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            rest.removeFirst()
        }
        guard let digits = digits(rest) else { return 0 }
        var value = 0
        for digit in digits {
            let (shifted, overflows) = value.multipliedReportingOverflow(by: 10)
            let (next, carries) =
                isNegative
                ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
            guard !overflows, !carries else { return nil }
            value = next
        }
        return value
    }

    /// Decimal digits of any script, single underscores between them; `nil` for all else.
    private static func digits(_ text: Substring.UnicodeScalarView) -> [Int]? {
        var digits: [Int] = []
        var mayPause = false
        for scalar in text {
            if scalar == "_", mayPause {
                mayPause = false
                continue
            }
            guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else {
                return nil
            }
            digits.append(Int(value))
            mayPause = true
        }
        return mayPause ? digits : nil
    }
}
