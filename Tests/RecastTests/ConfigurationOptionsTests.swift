import ArgumentParser
import Testing

@testable import Recast

@Suite("The flags of the configuration")
struct ConfigurationOptionsTests {
    @Test("Each sets the setting it is named after")
    func areNamedAfterSettings() throws {
        let names = [
            "config", "backend", "data", "inputBucket", "outputBucket", "queueURL", "deadLetterQueueURL",
            "keyTemplate", "renditions", "extensions", "presetsFolder", "concurrency", "threads",
            "gracePeriod",
            "spool.folder", "log.level", "log.format",
        ]
        for name in names {
            let options = try ConfigurationOptions.parse([ConfigurationOptions.flag(for: name), "value"])
            #expect(options.values == [name: "value"])
        }
        let fixture = try ConfigurationFixture()
        let known = Set(try fixture.load().entries.map(\.name))
        #expect(known.isSuperset(of: names))
    }

    @Test(
        "Names are split at capitals and dots",
        arguments: [
            ("queueURL", "queue-url"), ("deadLetterQueueURL", "dead-letter-queue-url"),
            ("log.level", "log-level"),
            ("data", "data"),
        ]
    )
    func splitsNames(name: String, kebab: String) {
        #expect(Spelling.kebab(name) == kebab)
    }
}
