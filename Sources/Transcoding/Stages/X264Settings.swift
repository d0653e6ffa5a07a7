/// What x264 is told at each speed: the best measured quality for its price (docs/frontier.md).
package struct X264Settings: Equatable, Sendable {
    /// The one of x264's own presets that the rest departs from.
    package let preset: String
    /// Where it does, as x264 names and takes it, in this order.
    package let parameters: [Parameter]

    /// One of x264's parameters.
    package struct Parameter: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    /// What a longer lookahead, a cheaper search and bits moved between pictures and planes gain.
    private static let lookingFar = [
        ("rc-lookahead", "40"), ("trellis", "1"), ("me", "dia"), ("aq-strength", "0.5"), ("qcomp", "0.5"),
        ("chroma-qp-offset", "-1"),
    ]

    /// The settings of `speed` for streams of at most so many reference pictures.
    package init(_ speed: EngineOptions.Speed, maxReferenceFrames: Int) {
        let references: Int
        let others: [(String, String)]
        switch speed {
        case .fastest:
            preset = "superfast"
            references = 1
            others = [("mbtree", "1"), ("rc-lookahead", "30"), ("trellis", "1"), ("aq-strength", "0.6")]
        case .fast:
            preset = "veryfast"
            references = 1
            others = Self.lookingFar
        case .balanced:
            preset = "faster"
            references = 1
            others = Self.lookingFar
        case .best:
            preset = "slow"
            references = 3
            others = [("aq-strength", "0.6")]
        }
        // Coefficients that stand alone stay: whether they are worth their bits is for the trellis to say.
        let common = [("dct-decimate", "0"), ("ref", "\(min(references, maxReferenceFrames))")]
        parameters = (others + common).map { Parameter(name: $0.0, value: $0.1) }
    }

    /// The parameters as `-x264-params` of ffmpeg and `-x` of HandBrake take them.
    package var text: String { parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ":") }
}
