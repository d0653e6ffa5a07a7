import Testing

@testable import Jobs

@Suite("Damaged events")
struct EventFuzzTests {
    @Test("Two thousand damaged events get an answer each", arguments: 0..<8)
    func survivesDamage(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let samples = EventSamples.ofOneObject.map { Array($0.text.utf8) }
        var words: Set<String> = []
        for _ in 0..<250 {
            var bytes = samples[Int.random(in: 0..<samples.count, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) { damage(&bytes, &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            for event in EventParser.events(in: text) + [
                JobEvent(messageID: nil, content: EventParser.parse(text))
            ] {
                switch event.content {
                case .objects(let events, _):
                    words.insert("objects")
                    for event in events {
                        #expect(!event.bucket.isEmpty && (1...1024).contains(event.key.utf8.count))
                        #expect((event.byteCount ?? 0) >= 0)
                        _ = IntakeRules.decide(
                            event,
                            pipelines: [Pipeline(id: "p", name: "p", inputBucket: "media")]
                        )
                    }
                case .job: words.insert("job")
                case .nothing: words.insert("nothing")
                case .malformed(let reason):
                    words.insert("malformed")
                    #expect(reason.utf8.count < 300)
                }
            }
        }
        #expect(
            words.isSuperset(of: ["objects", "malformed"]),
            "the damage was too small or too great: \(words)"
        )
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0..<max(1, bytes.count), using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2 where place < bytes.count: bytes.remove(at: place)
        case 3:
            bytes.insert(
                contentsOf: Array(tokens.randomElement(using: &random) ?? "").flatMap { $0.utf8 },
                at: min(place, bytes.count)
            )
        case 4 where Int.random(in: 0..<8, using: &random) == 0:
            bytes.removeSubrange(min(place, bytes.count)...)
        case 5 where place < bytes.count:
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        default: break
        }
    }

    private let tokens = [
        "%", "+", "\"", "\\", "{", "}", "[", "]", "null", "1e999", "-", "\\ud800", "\\u0000", "%00", ":", ",",
        "\u{FEFF}", "true", "9223372036854775808", "-9223372036854775809", "Records", "\\\"",
    ]
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
