import Testing

@testable import Transcoding

@Suite("Guesses of a name")
struct NearestNamesTests {
    private let known = [
        "web", "web-av1", "webm-720p", "generic-720p", "hls-1m", "hls-2m", "hls-400k", "gif",
    ]

    @Test(
        "Misspelt names come first, the nearest of them before others, then those that contain the word",
        arguments: [
            ("wbe", ["web"]), ("we", ["web", "web-av1", "webm-720p"]),
            ("WEB", ["web", "web-av1", "webm-720p"]),
            ("webb", ["web"]), ("generic-720", ["generic-720p"]), ("720p", ["generic-720p", "webm-720p"]),
            ("hls", ["hls-1m", "hls-2m", "hls-400k"]), ("hls-3m", ["hls-1m", "hls-2m"]), ("", []), ("x", []),
        ]
    )
    func guesses(wrong: String, names: [String]) {
        #expect(NearestNames.of(wrong, among: known) == names)
    }

    @Test("A text of any length is no work")
    func ignoresLongTexts() {
        #expect(NearestNames.of(String(repeating: "w", count: 1_000_000), among: known) == [])
    }

    @Test("A question names one, two or three")
    func asks() {
        #expect(NearestNames.question([]) == nil)
        #expect(NearestNames.question(["a"]) == "did you mean a?")
        #expect(NearestNames.question(["a", "b", "c"]) == "did you mean a, b or c?")
    }

    @Test(
        "The distance of two words is the number of letters to change, add or leave out; of neighbours to swap",
        arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("same", "same", 0), ("wbe", "web", 1)]
    )
    func measuresDistance(first: String, second: String, distance: Int) {
        #expect(NearestNames.distance(first, second) == distance)
        #expect(NearestNames.distance(second, first) == distance)
    }
}
