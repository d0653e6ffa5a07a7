internal import FFmpeg

/// Takes the unevenness of a 3:2 pulldown out of the times of a film's pictures.
///
/// A film at 24 pictures a second in a stream of 60 fields a second shows its pictures for three and two
/// fields in turn, and says so by a flag (ISO/IEC 13818-2 §6.3.10, `repeat_first_field`; ITU-T H.264 §D.2.3).
/// Shown whole, they are to be 2.5 fields apart: those of two fields begin half a field early.
struct Telecine {
    /// Pictures since one with a repeated field; more than a few are no pulldown.
    private var sinceRepeat = Int.max
    /// Half a field, in the stream's ticks, as the last picture of two fields had it.
    private var halfField: Int64 = 0

    /// When the picture is to be shown, in the same ticks.
    mutating func place(_ frame: Frame, ticks: Int64) -> Int64 {
        place(
            ticks: ticks,
            duration: frame.duration,
            repeatedFields: frame.isInterlaced ? nil : frame.repeatedFields
        )
    }

    /// The rule itself; `nil` fields are those of an interlaced picture, which is no film's.
    mutating func place(ticks: Int64, duration: Int64, repeatedFields: Int?) -> Int64 {
        guard let repeatedFields, repeatedFields == 0 || repeatedFields == 1 else {
            sinceRepeat = .max
            return ticks
        }
        sinceRepeat = repeatedFields == 1 ? 0 : (sinceRepeat < 3 ? sinceRepeat + 1 : .max)
        guard sinceRepeat < 3, repeatedFields == 0 else { return ticks }
        // A stream's last picture may have no duration.
        if duration > 0 { halfField = duration / 4 }
        return max(0, ticks &- halfField)
    }
}
