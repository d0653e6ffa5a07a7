import Foundation
import Testing

@testable import Jobs

@Suite("The identity of a job")
struct IntakeIdentityTests {
    private let input = Job.Input(bucket: "b", key: "k", eTag: "e", sequencer: "01")

    @Test("The same event twice has one identity, in whatever order the presets are named")
    func isStable() {
        let first = JobIdentity.make(input, pipelineID: "p", presets: ["web", "small"])
        var again = input
        again.sequencer = "02"
        again.byteCount = 5
        #expect(first != nil && first == JobIdentity.make(again, pipelineID: "p", presets: ["small", "web"]))
    }

    @Test("Whatever differs in the request makes another identity")
    func tellsApart() {
        var inputs = [input, input, input, input, input, input]
        inputs[1].bucket = "c"
        inputs[2].key = "l"
        inputs[3].eTag = "f"
        inputs[4].versionID = "e"
        inputs[5].versionID = "v"
        var identities = inputs.map { JobIdentity.make($0, pipelineID: "p", presets: ["web"]) }
        identities.append(JobIdentity.make(input, pipelineID: "q", presets: ["web"]))
        identities.append(JobIdentity.make(input, pipelineID: "p", presets: ["web", "small"]))
        identities.append(JobIdentity.make(input, pipelineID: "p", presets: ["web1:x"]))
        #expect(Set(identities.map { Array(($0 ?? "").utf8) }).count == identities.count)
    }

    @Test("Fields cannot be shifted into one another")
    func isUnambiguous() {
        #expect(JobIdentity.join(["a,1:b"]) != JobIdentity.join(["a", "b"]))
        #expect(JobIdentity.join(["", "a"]) != JobIdentity.join(["a", ""]))
    }

    @Test("The version null of a bucket without versions does not stand for one version")
    func looksThroughNull() {
        var first = input
        first.versionID = "null"
        var second = first
        second.eTag = "other"
        #expect(
            JobIdentity.make(first, pipelineID: "p", presets: [])
                != JobIdentity.make(second, pipelineID: "p", presets: [])
        )
    }

    @Test("An object of which no version is known has none: every request counts")
    func isUnknown() {
        #expect(JobIdentity.make(Job.Input(bucket: "b", key: "k"), pipelineID: "p", presets: []) == nil)
    }

    @Test("The longest one fits into the key of a table")
    func isBounded() throws {
        let event = ObjectEvent(
            bucket: String(repeating: "b", count: 255),
            key: String(repeating: "k", count: 1024),
            versionID: String(repeating: "v", count: 128)
        )
        let presets = (0..<9).map { "\($0)" + String(repeating: "p", count: 44) }
        let pipeline = Pipeline(
            id: String(repeating: "i", count: 64),
            name: "",
            inputBucket: event.bucket,
            outputBucket: "out",
            keyTemplate: "{stem}{preset}",
            presets: presets
        )
        #expect(pipeline.problems(readsMetadata: true) == [])
        let input = Job.Input(bucket: event.bucket, key: event.key, versionID: event.versionID)
        let identity = try #require(JobIdentity.make(input, pipelineID: pipeline.id, presets: presets))
        #expect(identity.utf8.count <= 2000)
        var longer = pipeline
        longer.presets.append("one-more-preset-than-the-identity-has-room-for")
        #expect(longer.problems(readsMetadata: true).map(\.member) == ["presets"])
    }
}

@Suite("Job ids")
struct JobIDTests {
    @Test("An id is 13 digits of milliseconds, a hyphen, and 6 letters or digits")
    func hasForm() {
        var random = SeededGenerator(state: 1)
        let id = JobID.make(now: Date(timeIntervalSince1970: 1_764_000_000.5), random: &random)
        #expect(id.hasPrefix("1764000000500-") && JobID.isValid(id))
        #expect(id != JobID.make(now: Date(timeIntervalSince1970: 1_764_000_000.5), random: &random))
    }

    @Test("Clocks gone mad give an id all the same", arguments: [-1e300, 0, 1e300, .nan, .infinity])
    func survivesClocks(seconds: Double) {
        var random = SeededGenerator(state: 1)
        #expect(JobID.isValid(JobID.make(now: Date(timeIntervalSince1970: seconds), random: &random)))
    }

    @Test(
        "Anything else is no id",
        arguments: [
            "", "1764000000500-abc12", "1764000000500-ABC123", "176400000050a-abc123", "1764000000500_abc123",
            "1764000000500-abc1234", "1764000000500-ab/123",
        ]
    )
    func refuses(text: String) {
        #expect(!JobID.isValid(text))
    }
}
