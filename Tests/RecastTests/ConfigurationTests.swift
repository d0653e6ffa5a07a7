import FFmpeg
import Foundation
import Jobs
import Logging
import TestMedia
import Testing

@testable import Recast

@Suite("The configuration")
struct ConfigurationTests {
    private var fixture: ConfigurationFixture

    init() throws { fixture = try ConfigurationFixture() }

    @Test("Without any settings a local set-up works")
    func hasDefaults() throws {
        let configuration = try fixture.load()
        #expect(configuration.backend == .local && configuration.dataFolder == "./recast-data")
        #expect(configuration.inputBucket == "media" && configuration.outputBucket == "media")
        #expect(configuration.table == "recast" && configuration.responsesTable == "responses")
        #expect(configuration.worker.visibilityTimeout == 60 && configuration.worker.maxFailures == 3)
        #expect(configuration.worker.gracePeriod == 18 && configuration.limits == IngestLimits())
        #expect(configuration.spoolFolder == "./recast-data/spool")
        #expect(configuration.pipelines == [Pipeline(id: "default", name: "Default", inputBucket: "media")])
    }

    @Test("A flag beats the environment, which beats the file, which beats the default")
    func ranksSources() throws {
        var fixture = fixture
        func seen(_ flags: [String: String] = [:]) throws -> (Int, SettingSource?) {
            let configuration = try fixture.load(flags)
            let entry = configuration.entries.first { $0.name == "concurrency" }
            return (configuration.worker.concurrency, entry?.source)
        }
        #expect(try seen() == (1, .standard))
        let path = try fixture.write("backend: local\nconcurrency: 3\n")
        #expect(try seen() == (3, .file(path, line: 2)))
        fixture.environment["RECAST_CONCURRENCY"] = "4"
        #expect(try seen() == (4, .environment("RECAST_CONCURRENCY")))
        #expect(try seen(["concurrency": "5"]) == (5, .flag("--concurrency")))
        fixture.environment["RECAST_CONCURRENCY"] = ""
        #expect(try seen() == (3, .file(path, line: 2)), "an empty variable counts as not set")
    }

    @Test("The file is what --config names, else RECAST_CONFIG, else recast.yaml; JSON will do as well")
    func choosesFile() throws {
        var fixture = fixture
        try fixture.write("table: by-default")
        #expect(try fixture.load().table == "by-default")
        let variable = try fixture.write(
            #"{"table": "by-variable", "log": {"level": "debug"}}"#,
            as: "b.json"
        )
        fixture.environment["RECAST_CONFIG"] = variable
        #expect(try fixture.load().table == "by-variable")
        #expect(try fixture.load().log.level == .debug)
        try fixture.write("table: by-flag", as: "c.yaml")
        #expect(try fixture.load(["config": "c.yaml"]).table == "by-flag")
    }

    @Test("A backend that is not named follows from the queue; one that is named stays")
    func impliesBackend() throws {
        var fixture = fixture
        fixture.environment = [
            "RECAST_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/q", "MEDIA_BUCKET_NAME": "videos",
            "AWS_REGION": "eu-west-1", "AWS_SECRET_ACCESS_KEY": "hidden-secret-key", "HOME": "/root",
            "PATH": "/bin",
        ]
        let configuration = try fixture.load()
        #expect(configuration.backend == .aws && configuration.inputBucket == "videos")
        #expect(configuration.spoolFolder == "/tmp/recast-spool")
        #expect(Set(configuration.awsEnvironment.keys) == ["AWS_REGION", "AWS_SECRET_ACCESS_KEY", "HOME"])
        #expect(try fixture.load(["backend": "local"]).backend == .local)
    }

    @Test("The aws backend needs a bucket, and the message says which variable names it")
    func needsBucket() {
        let problems = fixture.problems(["backend": "aws"])
        #expect(problems.map(\.setting) == ["inputBucket"])
        #expect(problems.first?.description.contains("MEDIA_BUCKET_NAME") == true)
    }

    @Test(
        "One job at once for every four cores, and at least one",
        arguments: [(1, 1), (4, 1), (8, 2), (64, 16)]
    )
    func sharesCores(cores: Int, jobs: Int) throws {
        var fixture = fixture
        fixture.coreCount = cores
        #expect(try fixture.load().worker.concurrency == jobs)
    }

    @Test("Logs are text where somebody reads along, JSON elsewhere")
    func choosesLogFormat() throws {
        var fixture = fixture
        #expect(try fixture.load().log.format == .json)
        fixture.isTerminal = true
        #expect(try fixture.load().log.format == .text)
    }

    @Test("Every limit there is can be set, by file and by variable")
    func setsEveryLimit() throws {
        let names = Mirror(reflecting: IngestLimits()).children.compactMap(\.label)
        #expect(names.count > 10)
        try fixture.write("limits:\n" + names.map { "  \($0): 7\n" }.joined())
        let limits = try fixture.load().limits
        for child in Mirror(reflecting: limits).children {
            #expect("\(child.value)" == "7" || "\(child.value)" == "7.0", "\(child.label ?? "")")
        }
        var other = try ConfigurationFixture()
        let variables = Set(try other.load().entries.compactMap(\.variable))
        #expect(variables.filter { $0.hasPrefix("RECAST_LIMIT_") }.count == names.count)
        other.environment["RECAST_LIMIT_MAX_WIDTH"] = "640"
        #expect(try other.load().limits.maxWidth == 640)
    }

    @Test(
        "Bytes have units",
        arguments: [("7", 7), ("500MB", 500_000_000), ("20 GiB", 20 << 30), ("1k", 1000), ("3KiB", 3072)]
    )
    func readsBytes(text: String, count: Int64) throws {
        var fixture = fixture
        fixture.environment["RECAST_SPOOL_LIMIT"] = text
        #expect(try fixture.load().spoolLimit == count)
    }

    @Test("Pipelines are a list in the file; what one does not say is said outside the list")
    func readsPipelines() throws {
        try fixture.write(
            """
            inputBucket: uploads
            outputBucket: renditions
            topics: {error: alarms}
            pipelines:
              - id: phones
                inputPrefix: phones/
                extensions: [mp4, mov]
              - id: films
                name: Films
                inputBucket: films
                outputBucket: films-web
                keyTemplate: "{preset}/{key}"
                renditions: [web, 1351620000001-100070]
                topics: {error: film-alarms}
                paused: yes
            """
        )
        let pipelines = try fixture.load().pipelines
        let phones = Pipeline(
            id: "phones",
            name: "phones",
            inputBucket: "uploads",
            inputPrefix: "phones/",
            outputBucket: "renditions",
            extensions: ["mp4", "mov"],
            topics: Pipeline.Topics(error: "alarms")
        )
        let films = Pipeline(
            id: "films",
            name: "Films",
            inputBucket: "films",
            outputBucket: "films-web",
            keyTemplate: "{preset}/{key}",
            presets: ["web", "1351620000001-100070"],
            topics: Pipeline.Topics(error: "film-alarms"),
            isPaused: true
        )
        #expect(pipelines == [phones, films])
    }

    @Test("The webhook's address is the topic of everything that has none")
    func fillsTopics() throws {
        var fixture = fixture
        fixture.environment["RECAST_WEBHOOK_URL"] = "https://hooks.example/T0KEN"
        fixture.environment["RECAST_TOPIC_ERROR"] = "arn:aws:sns:eu-west-1:123456789012:errors"
        let topics = try fixture.load().pipelines[0].topics
        #expect(topics.completed == "https://hooks.example/T0KEN")
        #expect(topics.error == "arn:aws:sns:eu-west-1:123456789012:errors")
    }

    @Test("The sample file is right, and it shows every setting a file can have")
    func acceptsSample() throws {
        let path = Samples.packageRoot.appendingPathComponent("samples/recast.yaml").path
        let configuration = try fixture.load(["config": path])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for entry in configuration.entries where !entry.name.contains("[") && entry.name != "config" {
            let name = entry.name.split(separator: ".").last.map(String.init) ?? ""
            #expect(text.contains("\(name):"), "\(entry.name) is missing in the sample")
        }
    }

    @Test("The manual names every setting and variable, and no variable that does not exist")
    func matchesManual() throws {
        let url = Samples.packageRoot.appendingPathComponent("docs/settings.md")
        let text = try String(contentsOf: url, encoding: .utf8)
        let entries = try fixture.load().entries
        for entry in entries where !entry.name.hasPrefix("limits.") {
            #expect(text.contains("`\(entry.name)`"), "\(entry.name)")
            if let variable = entry.variable { #expect(text.contains("`\(variable)`")) }
        }
        for entry in entries where entry.name.hasPrefix("limits.") {
            #expect(text.contains("`\(entry.name.dropFirst("limits.".count))`"), "\(entry.name)")
        }
        let variables = Set(entries.compactMap(\.variable))
        for match in text.matches(of: #/RECAST_[A-Z_]+[A-Z]/#) {
            #expect(variables.contains(String(match.0)), "\(match.0)")
        }
    }
}
