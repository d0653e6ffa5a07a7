import Foundation
import Testing

@testable import Recast

@Suite("Wrong settings")
struct ConfigurationProblemTests {
    private var fixture: ConfigurationFixture

    init() throws { fixture = try ConfigurationFixture() }

    @Test("All of them are named at once, each with its value, its source and what is allowed")
    func namesAll() throws {
        var fixture = fixture
        let path = try fixture.write(
            """
            backend: clod
            maxFailures: many
            log: {level: loud}
            limits: {maxWidth: -3}
            """
        )
        fixture.environment = ["RECAST_VISIBILITY_TIMEOUT": "0.5", "RECAST_LOG_FORMAT": "xml"]
        let lines = fixture.problems(["threads": "0"]).map(\.description)
        #expect(
            Set(lines) == [
                "backend = \"clod\" (\(path), line 1): must be local or aws",
                "maxFailures = \"many\" (\(path), line 2): must be a whole number from 1 to 100",
                "log.level = \"loud\" (\(path), line 3): "
                    + "must be trace, debug, info, notice, warning, error or critical",
                "limits.maxWidth = \"-3\" (\(path), line 4): must be a whole number from 1 to 1000000000",
                "visibilityTimeout = \"0.5\" (RECAST_VISIBILITY_TIMEOUT): "
                    + "must be a number of seconds from 1 to 43200",
                "log.format = \"xml\" (RECAST_LOG_FORMAT): must be text or json",
                "threads = \"0\" (--threads): must be a whole number from 1 to 256",
            ]
        )
    }

    @Test("A folder of presets that is not there is an error")
    func wantsFolder() throws {
        var fixture = fixture
        fixture.environment = ["RECAST_PRESETS": "/nowhere/presets"]
        #expect(
            fixture.problems().map(\.description) == [
                "presetsFolder = \"/nowhere/presets\" (RECAST_PRESETS): must be a folder that exists"
            ]
        )
    }

    @Test(
        "A setting that does not exist is an error, and the nearest one is named",
        arguments: [
            ("concurency: 2", "concurrency"), ("queueUrl: x", "queueURL"), ("presets: [web]", "renditions"),
            ("webhook: x", "webhook.allowPrivate, webhook.secret, webhook.url"),
            ("log: {levl: info}", "log.level"),
            ("pipelines: [{id: a, inputPrefx: x}]", "pipelines[0].inputPrefix"),
            ("pipelines: [{id: a, presets: x}]", "pipelines[0].renditions"), ("nonsense: 1", nil),
        ]
    )
    func suggests(text: String, name: String?) throws {
        try fixture.write(text)
        let problems = fixture.problems()
        let advice = name.map { "; did you mean \($0)?" } ?? ""
        #expect(problems.map(\.reason) == ["there is no such setting\(advice)"])
    }

    @Test(
        "So is a variable of ours that does not exist",
        arguments: [
            ("RECAST_CONCURENCY", "RECAST_CONCURRENCY"), ("RECAST_INPUT_BUCKET", "MEDIA_BUCKET_NAME"),
            ("RECAST_NONSENSE", nil),
        ]
    )
    func suggestsVariables(variable: String, name: String?) {
        var fixture = fixture
        fixture.environment[variable] = "1"
        let advice = name.map { "; did you mean \($0)?" } ?? ""
        #expect(
            fixture.problems().map(\.description) == [
                "\(variable) (environment): there is no such setting\(advice)"
            ]
        )
    }

    @Test("Variables of others are none of our business")
    func ignoresOthers() {
        var fixture = fixture
        fixture.environment = ["AWS_REGION": "x", "RECASTX": "1", "PATH": "/bin"]
        #expect(fixture.problems().isEmpty)
    }

    @Test(
        "What is wrong with a pipeline is named where it was written",
        arguments: [
            ("keyTemplate: '{ky}'", "keyTemplate"), ("keyTemplate: '{key}'", "keyTemplate"),
            ("renditions: [web, small]", "keyTemplate"), ("renditions: [../web]", "renditions"),
            ("extensions: [.mp4]", "extensions"), ("inputBucket: A", "inputBucket"),
            ("pipelines: [{inputPrefix: x}]", "pipelines[0].id"),
            ("pipelines: [{id: a}, {id: b}]", "pipelines[1].inputPrefix"),
            (
                "pipelines: [{id: a}, {id: b, inputPrefix: x, renditions: 'web, small'}]",
                "pipelines[1].keyTemplate"
            ),
        ]
    )
    func checksPipelines(text: String, setting: String) throws {
        try fixture.write(text)
        #expect(fixture.problems().map(\.setting) == [setting])
    }

    @Test(
        "A file that cannot be used is named with the reason",
        arguments: [
            ("a: [", "neither YAML nor JSON"), ("- a\n- b", "must hold names and values"),
            ("a: 1\na: 2", "set twice"),
            ("pipelines: [a, {id: b}]", "mixes values"), ("{\"backend\": \"local\"", "neither YAML nor JSON"),
        ]
    )
    func refusesFiles(text: String, reason: String) throws {
        let path = try fixture.write(text)
        let problems = fixture.problems()
        #expect(problems.map(\.setting) == ["config"])
        #expect(problems.first?.description.contains(path) == true)
        #expect(problems.first?.reason.contains(reason) == true, "\(problems)")
    }

    @Test("A file that is not there is an error when somebody named it")
    func needsNamedFile() {
        #expect(fixture.problems(["config": "missing.yaml"]).map(\.setting) == ["config"])
        #expect(fixture.problems().isEmpty)
    }

    @Test(
        "Empty files and settings without a value set nothing",
        arguments: ["", "# nothing\n", "webhook:\nlog: ~\n"]
    )
    func acceptsEmpty(text: String) throws {
        try fixture.write(text)
        #expect(fixture.problems().isEmpty)
    }

    @Test("No secret is shown, whether it is right or wrong, in an entry, a problem or a description")
    func hidesSecrets() throws {
        var fixture = fixture
        fixture.environment = [
            "RECAST_WEBHOOK_SECRET": "sixteen-bytes-of-hush", "RECAST_BACKEND": "aws",
            "RECAST_WEBHOOK_URL": "https://hooks.example:8443/services/hush?token=hush",
            "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-west-1", "MEDIA_BUCKET_NAME": "media",
        ]
        let configuration = try fixture.load()
        let shown = configuration.entries.map { "\($0.name) \($0.text)" }.joined(separator: "\n")
        #expect(!shown.contains("hush"), "\(shown)")
        #expect(shown.contains("https://hooks.example:8443/***") && shown.contains("webhook.secret ***"))
        let secret = try #require(configuration.webhook.secret)
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(secret.value == "sixteen-bytes-of-hush")
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hush"))
        fixture.environment["RECAST_WEBHOOK_SECRET"] = "hush"
        fixture.environment["RECAST_WEBHOOK_URL"] = "https://user:hush@hooks.example/"
        fixture.environment["RECAST_QUEUE_URL"] = "https://user:hush@queue.example/"
        fixture.environment["RECAST_TOPIC_ERROR"] = "ftp://hooks.example/hush"
        let problems = fixture.problems().map(\.description)
        #expect(problems.count == 4 && !problems.joined().contains("hush"), "\(problems)")
    }

    @Test("Nor does a file that is not YAML have its lines quoted")
    func hidesLines() throws {
        try fixture.write("webhook:\n  secret: \"hush\n  url: [hush")
        let problems = fixture.problems()
        #expect(problems.count == 1 && !problems[0].description.contains("hush"), "\(problems)")
    }

    @Test(
        "Numbers beyond every range are refused",
        arguments: ["99999999999999999999", "1e400", "nan", "-1", "0x10", ""]
    )
    func refusesNumbers(text: String) {
        var fixture = fixture
        fixture.environment["RECAST_THREADS"] = text
        fixture.environment["RECAST_GRACE_PERIOD"] = text
        fixture.environment["RECAST_SPOOL_LIMIT"] = text.isEmpty ? "" : text + "TB"
        let expected: Set<String> =
            switch text {
            case "": []
            case "0x10": ["threads", "spool.limit"]
            default: ["threads", "gracePeriod", "spool.limit"]
            }
        #expect(Set(fixture.problems().map(\.setting)) == expected)
    }
}
