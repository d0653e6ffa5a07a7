import FFmpeg
import Testing

@testable import Transcoding

@Suite("StreamChoice")
struct StreamChoiceTests {
    typealias Candidate = StreamChoice.Candidate

    @Test("The default sound wins over more channels, more channels over order")
    func prefersDefault() {
        let stereo = Candidate(index: 1, disposition: .default, amount: 2)
        let surround = Candidate(index: 2, amount: 6)
        let later = Candidate(index: 3, amount: 6)
        #expect(StreamChoice.sound([stereo, surround]) == 1)
        #expect(StreamChoice.sound([later, surround, Candidate(index: 0, amount: 2)]) == 2)
    }

    @Test(
        "Sound for a few is left out, even as the default, unless there is nothing else",
        arguments: [Disposition.commentary, .visualImpaired, .hearingImpaired, .cleanEffects, .dependent]
    )
    func avoidsSpecial(purpose: Disposition) {
        let special = Candidate(index: 1, disposition: [purpose, .default], amount: 6)
        #expect(StreamChoice.sound([special, Candidate(index: 2, amount: 1)]) == 2)
        #expect(StreamChoice.sound([special]) == 1)
    }

    @Test("The language asked for wins over the default; one that nobody speaks changes nothing")
    func takesLanguage() {
        let streams = [
            Candidate(index: 1, disposition: .default, language: "eng", amount: 6),
            Candidate(index: 2, language: "ger", amount: 2),
            Candidate(index: 3, disposition: .visualImpaired, language: "ger", amount: 2),
            Candidate(index: 4, disposition: .commentary, language: "fre", amount: 2),
        ]
        #expect(StreamChoice.sound(streams, language: "de") == 2)
        #expect(StreamChoice.sound(streams, language: "fr-CA") == 4)
        #expect(StreamChoice.sound(streams, language: "jpn") == 1)
        #expect(StreamChoice.sound(streams) == 1)
    }

    @Test("What can be decoded wins over everything")
    func prefersDecodable() {
        let better = Candidate(index: 1, canDecode: false, disposition: .default, language: "en", amount: 8)
        #expect(StreamChoice.sound([better, Candidate(index: 2, amount: 1)], language: "en") == 2)
    }

    @Test("A cover is no video; the default picture wins, then the largest")
    func choosesPicture() {
        let cover = Candidate(index: 0, disposition: [.attachedPicture, .default], amount: 4_000_000)
        let small = Candidate(index: 1, amount: 100)
        let large = Candidate(index: 2, amount: 200)
        #expect(StreamChoice.picture([cover]) == nil)
        #expect(StreamChoice.picture([cover, small, large]) == 2)
        #expect(
            StreamChoice.picture([large, Candidate(index: 3, disposition: .default, amount: 50)]) == 3
        )
    }

    @Test(
        "Codes of two and three letters, old and new, with and without region, name the same language",
        arguments: [
            ("de", "ger"), ("deu", "ger"), ("DE-at", "deu"), ("zh_Hant", "chi"), ("en", "eng"),
            ("tlh", "tlh"),
        ]
    )
    func comparesLanguages(first: String, second: String) {
        #expect(LanguageCode.areEqual(first, second))
        #expect(!LanguageCode.areEqual(first, "und") && !LanguageCode.areEqual(first, ""))
    }
}
