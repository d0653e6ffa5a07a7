import Jobs
import Testing

@Suite("Sequencer")
struct SequencerTests {
    @Test(
        "The shorter one is padded on the right with zeros",
        arguments: [
            ("0055AED6DCD90281E5", "0055AED6DCD90281E6", true),
            ("0055AED6DCD90281E5", "0055AED6DCD90281E500", false),
            ("0055AED6DCD90281E5", "0055AED6DCD90281E501", true),
            ("0055aed6dcd9", "0055AED6DCD9", false),
            ("0055AED6DCD91", "0055AED6DCD9", false),
        ]
    )
    func ordersVersions(first: String, second: String, isOlder: Bool) {
        #expect(Sequencer.isOlder(first, than: second) == isOlder)
    }

    @Test("A version without a sequencer is older than any with one")
    func ordersUnknown() {
        #expect(Sequencer.isOlder(nil, than: "01"))
        #expect(!Sequencer.isOlder(nil, than: nil))
    }
}
