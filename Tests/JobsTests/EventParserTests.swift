import Foundation
import Testing

@testable import Jobs

@Suite("Events")
struct EventParserTests {
    @Test("Every sender's event names the same object", arguments: EventSamples.ofOneObject.map(\.name))
    func readsEveryShape(name: String) throws {
        let sample = try #require(EventSamples.ofOneObject.first { $0.name == name })
        let (events, skipped) = try objects(sample.text)
        let event = try #require(events.first)
        #expect(events.count == 1 && skipped.isEmpty)
        #expect(event.bucket == "media")
        #expect(Array(event.key.utf8) == Array("dir a/ñ+b.mp4".utf8))
        #expect(event.byteCount == 10)
        #expect(event.eTag == "9b2cf535f27731c974343645a3985328")
        #expect(event.sequencer == "0055AED6DCD90281E5")
        let seconds = try #require(event.eventTime).timeIntervalSince1970
        #expect(abs(seconds - 1_795_473_310.5) < 0.51)
        #expect(
            event.messageID
                == (name.contains("Lambda's queue") || name.contains("and Lambda") || name == "four envelopes"
                    ? "m1" : nil)
        )
    }

    @Test("The sample in the repository is read")
    func readsSample() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("samples/s3-event.json"),
            encoding: .utf8
        )
        let (events, _) = try objects(text)
        #expect(events.map(\.key) == ["testProject/0/e78b913d3d3d5eb5162a.webm"])
    }

    @Test("All records of an event count; removals, folder markers and broken records are told apart")
    func readsAllRecords() throws {
        let text = EventSamples.records([
            EventSamples.record(key: "a.mp4"),
            EventSamples.record(key: "b.mp4", name: "ObjectRemoved:Delete"),
            EventSamples.record(key: "folder/", size: 0),
            EventSamples.record(key: "broken%2.mp4"),
            ["eventName": "ObjectCreated:Put"],
            EventSamples.record(key: "c.mp4", name: "ObjectCreated:CompleteMultipartUpload"),
        ])
        let (events, skipped) = try objects(text)
        #expect(events.map(\.key) == ["a.mp4", "c.mp4"])
        #expect(skipped.map(\.kind) == [.irrelevant, .irrelevant, .malformed, .malformed])
    }

    @Test(
        "What tells of nothing created asks for no work",
        arguments: [
            EventSamples.testEvent, EventSamples.notification(EventSamples.testEvent),
            EventSamples.lambdaQueue([EventSamples.testEvent, EventSamples.testEvent]),
            EventSamples.notification("You have chosen to subscribe", type: "SubscriptionConfirmation"),
            EventSamples.records([]),
            EventSamples.records([EventSamples.record(name: "ObjectRemoved:DeleteMarkerCreated")]),
            EventSamples.records([EventSamples.record(name: "s3:ObjectRemoved:Delete", source: "minio:s3")]),
            EventSamples.records([EventSamples.record(key: "folder/", size: 0)]),
            EventSamples.eventBridge(type: "Object Deleted"),
        ]
    )
    func asksForNothing(text: String) {
        guard case .nothing(let reason) = EventParser.parse(text) else {
            Issue.record("\(EventParser.parse(text))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test(
        "What cannot be understood is malformed",
        arguments: [
            "", "null", "[]", "17", "\"text\"", "{", "{}", "{\"Records\":{}}", "{\"Records\":[1]}",
            "{\"Type\":\"Notification\"}", "{\"Type\":\"Other\",\"Message\":\"{}\"}",
            "{\"recast\":{\"job\":\"1\"}}", "{\"recast\":{\"job\":\"1764000000000-ABCDEF\"}}",
            "{\"recast\":{}}",
            EventSamples.records([EventSamples.record(bucket: "")]),
            EventSamples.records([EventSamples.record(key: "")]),
            EventSamples.records([EventSamples.record(key: String(repeating: "k", count: 1025))]),
            EventSamples.records([EventSamples.record(key: String(repeating: "%C3%B1", count: 513))]),
            EventSamples.records([
                EventSamples.record(object: ["versionId": String(repeating: "v", count: 129)])
            ]),
            EventSamples.lambdaQueue([
                EventSamples.notification(
                    EventSamples.notification(EventSamples.notification(EventSamples.s3))
                )
            ]),
        ]
    )
    func refuses(text: String) {
        guard case .malformed(let reason) = EventParser.parse(text) else {
            Issue.record("\(EventParser.parse(text))")
            return
        }
        #expect(!reason.isEmpty && reason.utf8.count < 200)
    }

    @Test("Depth and size have bounds")
    func isBounded() {
        let deep = String(repeating: "{\"Records\":[", count: 10_000)
        let long = "{\"Records\":[\(String(repeating: " ", count: 6 << 20))]}"
        for text in [deep, long, String(repeating: "[", count: 100_000)] {
            guard case .malformed = EventParser.parse(text) else {
                Issue.record("a text of \(text.utf8.count) bytes was read")
                continue
            }
        }
    }

    @Test("A key of 1024 bytes is allowed, however long its encoding is")
    func allowsLongestKey() throws {
        let text = EventSamples.records([
            EventSamples.record(key: String(repeating: "%C3%B1", count: 512))
        ])
        #expect(try objects(text).events.first?.key.utf8.count == 1024)
    }

    @Test("A size may be missing, a text or nonsense", arguments: [(Int64(3), "3"), (nil, "x"), (nil, "-1")])
    func readsSizes(expected: Int64?, size: String) throws {
        let text = EventSamples.records([EventSamples.record(size: size)])
        #expect(try objects(text).events.first?.byteCount == expected)
    }

    @Test(
        "Sizes beyond every number are unknown",
        arguments: ["1e300", "-5", "1.5", "99999999999999999999999"]
    )
    func survivesNumbers(size: String) throws {
        let text = EventSamples.s3.replacingOccurrences(of: "\"size\":10", with: "\"size\":\(size)")
        #expect(try objects(text).events.first?.byteCount == nil)
    }

    @Test(
        "A time may be missing or nonsense, and the event counts all the same",
        arguments: ["", "yesterday", "2026-99-99T99:99:99Z", "99999999999999999999-11-23T22:35:10Z"]
    )
    func survivesTimes(time: String) throws {
        let text = EventSamples.s3.replacingOccurrences(of: "2026-11-23T22:35:10.937Z", with: time)
        let event = try #require(try objects(text).events.first)
        #expect(event.eventTime == nil && event.byteCount == 10)
    }

    @Test("Recast's own message names a job, also inside Lambda's event of a queue")
    func readsOwnMessage() {
        let id = "1764000000000-abc123"
        let message = JobEvent.message(forJob: id)
        #expect(EventParser.parse(message) == .job(id: id))
        #expect(EventParser.parse(EventSamples.lambdaQueue([message])) == .job(id: id))
    }

    @Test("The messages of Lambda's event of a queue are read one by one")
    func splitsBatches() {
        let job = JobEvent.message(forJob: "1764000000000-abc123")
        let text = EventSamples.lambdaQueue([EventSamples.s3, job, "garbage", EventSamples.testEvent])
        let events = EventParser.events(in: text)
        #expect(events.map(\.messageID) == ["m1", "m2", "m3", "m4"])
        #expect(events.map { word($0.content) } == ["objects m1", "job", "malformed", "nothing"])
        #expect(word(EventParser.parse(text)) == "malformed", "a whole cannot hold a job beside others")
        #expect(EventParser.events(in: EventSamples.s3).map(\.messageID) == [nil])
    }

    @Test("Reasons hold no control characters of the event, which could forge lines of a log")
    func cleansReasons() {
        let text = EventSamples.records([EventSamples.record(key: "a\n{\"level\":\"info\"}\u{1B}[0m%")])
        guard case .malformed(let reason) = EventParser.parse(text) else {
            Issue.record("the key was taken")
            return
        }
        #expect(!reason.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }

    private func objects(_ text: String) throws -> (events: [ObjectEvent], skipped: [SkippedRecord]) {
        guard case .objects(let events, let skipped) = EventParser.parse(text) else {
            throw Unexpected(event: EventParser.parse(text))
        }
        return (events, skipped)
    }

    private func word(_ event: ParsedEvent) -> String {
        switch event {
        case .objects(let events, _): "objects " + events.compactMap(\.messageID).joined(separator: " ")
        case .job: "job"
        case .nothing: "nothing"
        case .malformed: "malformed"
        }
    }

    private struct Unexpected: Error { let event: ParsedEvent }
}
