internal import FFmpeg

/// Which of an input's streams are used, as a pure rule.
///
/// What can be decoded comes first, then what was meant for everybody: commentary, descriptions for the blind
/// and the like are taken only where there is nothing else or where they alone speak the language asked for.
struct StreamChoice {
    /// What counts about one stream.
    struct Candidate: Equatable {
        var index = 0
        var canDecode = true
        var disposition: Disposition = []
        /// As the container spells it, such as `ger`.
        var language: String?
        /// Pixels of a picture or channels of sound.
        var amount = 0
    }

    /// What only some viewers want to hear.
    private static let special: Disposition = [
        .commentary, .lyrics, .karaoke, .hearingImpaired, .visualImpaired, .cleanEffects, .dependent,
    ]
    /// Pictures that do not move.
    private static let still: Disposition = [.attachedPicture, .timedThumbnails, .stillImage]

    /// The index of the best picture stream; `nil` when none moves.
    static func picture(_ candidates: [Candidate]) -> Int? {
        best(candidates.filter { $0.disposition.isDisjoint(with: still) }, language: nil)
    }

    /// The index of the best sound stream, in `language` if there is one.
    static func sound(_ candidates: [Candidate], language: String? = nil) -> Int? {
        best(candidates, language: language)
    }

    private static func best(_ candidates: [Candidate], language: String?) -> Int? {
        func rank(_ candidate: Candidate) -> [Int] {
            let speaks = language.map { LanguageCode.areEqual($0, candidate.language ?? "") } ?? false
            return [
                candidate.canDecode ? 1 : 0, speaks ? 1 : 0,
                candidate.disposition.isDisjoint(with: special) ? 1 : 0,
                candidate.disposition.contains(.default) ? 1 : 0, candidate.amount, -candidate.index,
            ]
        }
        return candidates.max { rank($0).lexicographicallyPrecedes(rank($1)) }?.index
    }
}

extension StreamChoice.Candidate {
    init(_ stream: FFmpeg.Stream) {
        self.init(
            index: stream.index,
            canDecode: Decoder.isListed(stream),
            disposition: stream.disposition,
            language: stream.language,
            amount: stream.kind == .video ? stream.size.pixelCount : stream.channelCount
        )
    }
}

/// Names of languages: ISO 639-1 (`de`), 639-2 in both its forms (`ger`, `deu`), with or without a region.
enum LanguageCode {
    /// Two letters, three letters, and the older three where they differ.
    private static let table = """
        ar ara|bg bul|bn ben|ca cat|cs ces cze|cy cym wel|da dan|de deu ger|el ell gre|en eng|es spa|et est
        |eu eus baq|fa fas per|fi fin|fr fra fre|ga gle|gl glg|he heb|hi hin|hr hrv|hu hun|hy hye arm|id ind
        |is isl ice|it ita|ja jpn|ka kat geo|kk kaz|ko kor|lt lit|lv lav|mk mkd mac|ms msa may|mt mlt|nb nob
        |nl nld dut|nn nno|no nor|pl pol|pt por|ro ron rum|ru rus|sk slk slo|sl slv|sq sqi alb|sr srp|sv swe
        |sw swa|ta tam|te tel|th tha|tr tur|uk ukr|ur urd|vi vie|zh zho chi
        """
    private static let canonical: [Substring: Substring] = {
        var names: [Substring: Substring] = [:]
        for row in table.split(separator: "|") {
            let codes = row.split(whereSeparator: \.isWhitespace)
            for code in codes { names[code] = codes[0] }
        }
        return names
    }()

    static func areEqual(_ first: String, _ second: String) -> Bool {
        guard !first.isEmpty, !second.isEmpty else { return false }
        return base(first) == base(second)
    }

    /// The shortest name, without region: `de` for `ger` and for `de-AT`.
    private static func base(_ code: String) -> String {
        let plain = code.lowercased().split { $0 == "-" || $0 == "_" }.first ?? ""
        return String(canonical[plain] ?? plain)
    }
}
