internal import ArgumentParser
internal import Transcoding

/// Which part of each input is used, and how inputs become one output.
struct ClipOptions: ParsableArguments {
    @Flag(help: "Join the inputs, in this order, into one output.")
    var join = false

    @Option(
        help: """
            Where to begin, as 90.5 or 1:30.5; for all inputs, or one for each in their order, '-' being the \
            input's start.
            """
    )
    var start: [String] = []

    @Option(help: "How long to go on; for all inputs, or one for each, '-' being all the rest.")
    var duration: [String] = []

    @Option(help: "The language of the sound where an input has several, as de or deu.")
    var language: String?

    @Option(
        parsing: .unconditional,
        help: "Bring the sound to this loudness in LUFS, such as -16 (EBU R 128)."
    )
    var loudness: Double?

    /// What is wrong with the options for so many inputs; `nil` when nothing is.
    func problem(inputs count: Int) -> String? {
        if let loudness, !(-70...(-5)).contains(loudness) { return "--loudness takes -70 to -5" }
        for (name, values) in [("--start", start), ("--duration", duration)] {
            if values.count > 1, values.count != count {
                return
                    "\(name) is given \(values.count) times for \(count) inputs; give it once, or once for each"
            }
            for value in values where value != "-" {
                guard let seconds = ClipTime.seconds(value) else {
                    return "\(name) \(value) is no time; write 90.5, 1:30.5 or 0:01:30.5"
                }
                if name == "--duration", seconds <= 0 { return "--duration \(value) is nothing" }
            }
        }
        return nil
    }

    /// The input of that place among all.
    func clip(_ path: String, at index: Int) -> InputClip {
        func value(_ values: [String]) -> Double? {
            guard let text = values.count > 1 ? values[index] : values.first else { return nil }
            return ClipTime.seconds(text)
        }
        return InputClip(.file(path: path), start: value(start) ?? 0, duration: value(duration))
    }
}
