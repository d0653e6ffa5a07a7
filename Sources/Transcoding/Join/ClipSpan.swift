/// The part of an input that is used, in seconds from where the input starts, as a pure rule.
struct ClipSpan: Equatable {
    var start = 0.0
    /// `nil` for all there is.
    var end: Double?

    static let whole = ClipSpan()

    var isWhole: Bool { start <= 0 && end == nil }

    /// Where a picture is that is shown from `seconds` on, for about a `period`.
    enum Place: Equatable {
        /// Before the span; it is shown at its start if no other is.
        case before
        case inside
        case after
    }

    /// A picture that would be shown for less than two fifths of its time belongs to the other side of a cut, so
    /// that two spans that meet share out the pictures between them, each once.
    func place(_ seconds: Double, period: Double) -> Place {
        let margin = period * 0.4
        if let end, seconds >= end - margin { return .after }
        return seconds >= start - (start > 0 ? margin : period) ? .inside : .before
    }

    /// Seconds of the span that an input of `stated` seconds holds; `nil` where nobody knows.
    func length(of stated: Double?) -> Double? {
        guard let last = [end, stated].compactMap({ $0 }).min() else { return nil }
        guard end == nil || stated != nil || start >= 0 else { return nil }
        return max(0, last - max(0, start))
    }

    /// How long the clip is in the output, by the seconds after its start at which pictures and sound end.
    func length(pictures: Double?, sound: Double) -> Double {
        let found = max(pictures ?? 0, sound)
        if let end, found >= end - start - ClipSpan.slack { return end - start }
        // Sound goes on a little past the last picture, because its blocks are longer than it.
        guard let pictures, sound - pictures <= ClipSpan.slack else { return found }
        return pictures
    }

    /// Seconds by which sound may exceed the pictures without meaning to.
    static let slack = 0.1
}
