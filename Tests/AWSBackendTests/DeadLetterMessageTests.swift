import Foundation
import Jobs
import Testing

@testable import AWSBackend

@Suite("Dead letters in SQS")
struct DeadLetterMessageTests {
    private static func byteCount(_ letter: DeadLetter) -> Int {
        DeadLetterMessage.attributes(of: letter).reduce(letter.body.utf8.count) {
            $0 + $1.key.utf8.count + $1.value.type.utf8.count + ($1.value.text ?? "").utf8.count
        }
    }

    @Test("A long reason is cut between two characters, so that all of it fits", arguments: [0, 1, 2, 3])
    func cuts(rest: Int) {
        let letter = DeadLetter(
            body: String(repeating: "b", count: 200_000 + rest),
            code: "denied",
            message: String(repeating: "€", count: 100_000),
            jobID: "j"
        )
        let count = Self.byteCount(letter)
        #expect(count <= 262_144)
        #expect(count > 262_144 - 3)
        #expect(DeadLetterMessage.attributes(of: letter)["message"]?.text?.hasSuffix("€") == true)
    }

    @Test("Where the body fills the message there is a code, and no reason")
    func leavesOutReason() {
        let body = String(repeating: "b", count: 262_144)
        let attributes = DeadLetterMessage.attributes(of: DeadLetter(body: body, code: "a", message: "m"))
        #expect(Set(attributes.keys) == ["code"])
    }

    @Test("What SQS cannot hold becomes a blank, and nothing is empty")
    func cleans() {
        let letter = DeadLetter(body: "b", code: "", message: "\u{0}\u{8}\n\u{FFFE}x", jobID: "")
        let attributes = DeadLetterMessage.attributes(of: letter)
        #expect(attributes.mapValues(\.text) == ["code": "unknown", "message": "  \n x"])
    }

    @Test("A message that SQS itself moved says so")
    func readsUndelivered() throws {
        let json = #"{"MessageId":"1","ReceiptHandle":"r","Body":"b"}"#
        let message = try JSONDecoder().decode(SQS.Message.self, from: Data(json.utf8))
        let letter = DeadLetterMessage.letter(from: message)
        #expect(letter.body == "b")
        #expect(letter.code == "queue.undelivered")
        #expect(message.received.receiveCount == 1)
    }
}
