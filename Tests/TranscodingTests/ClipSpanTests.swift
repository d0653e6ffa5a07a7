import Testing

@testable import Transcoding

@Suite("ClipSpan and ClipTime")
struct ClipSpanTests {
    @Test(
        "Spans that meet share out the pictures between them",
        arguments: [0.0, 0.3, 1, 1.01, 1.017, 1.03, 2]
    )
    func sharesOut(cut: Double) {
        let first = ClipSpan(start: 0, end: cut)
        let second = ClipSpan(start: cut, end: nil)
        for number in 0..<90 {
            let time = Double(number) / 30
            let count = [first, second].count { $0.place(time, period: 1 / 30.0) == .inside }
            #expect(cut == 0 || count == 1, "picture \(number)")
        }
    }

    @Test("The length is what was asked for, or as far as it goes")
    func lengths() {
        let part = ClipSpan(start: 1, end: 3)
        #expect(part.length(pictures: 1.97, sound: 2) == 2)
        #expect(part.length(pictures: 1.2, sound: 1.25) == 1.2)
        #expect(part.length(of: 2.5) == 1.5)
        #expect(part.length(of: nil) == 2)
        let rest = ClipSpan(start: 1, end: nil)
        #expect(rest.length(of: 2.5) == 1.5)
        #expect(rest.length(of: nil) == nil)
        // Sound that ends a block after the pictures, before them, and long after them.
        #expect(rest.length(pictures: 2, sound: 2.02) == 2)
        #expect(rest.length(pictures: 2, sound: 1) == 2)
        #expect(rest.length(pictures: 2, sound: 5) == 5)
        #expect(rest.length(pictures: nil, sound: 5) == 5)
    }

    @Test(
        "Times are read as people write them",
        arguments: [
            ("0", 0.0), ("90.5", 90.5), (".5", 0.5), ("1:30", 90), ("01:02:03.250", 3723.25),
            ("100:00", 6000),
            ("86399.999", 86_399.999), ("5.", 5),
        ]
    )
    func readsTimes(text: String, seconds: Double) {
        #expect(ClipTime.seconds(text) == seconds)
    }

    @Test(
        "What is no time is none",
        arguments: [
            "", ".", "x", "-1", "+1", "1:60", "1:2:3:4", "1:60:00", ":5", "1::2", "1e3", "nan", "inf", "0x10",
            " 1", "99999999", "1.2.3", "300:00:00",
        ]
    )
    func refusesOthers(text: String) {
        #expect(ClipTime.seconds(text) == nil)
    }
}
