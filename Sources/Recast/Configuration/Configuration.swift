internal import FFmpeg
internal import Foundation
internal import Jobs
internal import Logging

/// How the program is set up: the only reader of settings.
struct Configuration: Sendable {
    enum Backend: String, Sendable, CaseIterable {
        case local, aws
    }

    struct Log: Sendable {
        enum Format: String, Sendable, CaseIterable {
            case text, json
        }

        var level: Logger.Level
        var format: Format
    }

    /// How jobs are run.
    struct Worker: Sendable {
        /// Jobs run at once.
        var concurrency: Int
        /// Cores for one job; `nil` shares out all of them.
        var threads: Int?
        /// Seconds for which a received message is hidden; prolonged while its job runs.
        var visibilityTimeout: Double
        /// Transient failures after which a job is given up.
        var maxFailures: Int
        /// Seconds that running jobs have after the program was asked to stop.
        var gracePeriod: Double
    }

    /// How addresses are told of jobs.
    struct Webhook: Sendable {
        /// The topic of pipelines that name none.
        var url: String?
        /// Signs what is sent to any address; `nil` leaves it unsigned.
        var secret: Secret?
        /// Whether addresses inside the own network may be called.
        var allowsPrivateAddresses: Bool
    }

    /// A text that shows itself to nobody who does not ask for it.
    struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        let value: String
        var description: String { "***" }
        var debugDescription: String { "***" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    var backend: Backend
    var dataFolder: String
    var inputBucket: String
    var outputBucket: String
    /// Where AWS keeps jobs, pipelines and presets.
    var table: String
    /// Where AWS keeps the site's video records.
    var responsesTable: String
    var queueURL: String?
    var deadLetterQueueURL: String?
    /// Looked through before the folders of the installation.
    var presetsFolder: String?
    /// At least one.
    var pipelines: [Pipeline]
    var worker: Worker
    var spoolFolder: String
    /// Bytes.
    var spoolLimit: Int64
    var webhook: Webhook
    var service: ServiceSettings
    var log: Log
    var limits: IngestLimits
    /// The variables of AWS, for the backend of that name: `AWS_*`, and `HOME`, where its files are.
    var awsEnvironment: [String: String]
    /// Every setting, for people to see.
    var entries: [SettingEntry]
}

/// The world around the program, as far as its configuration depends on it.
struct ConfigurationSurroundings: Sendable {
    var environment: [String: String]
    var workingFolder: String
    var coreCount: Int
    /// Whether somebody reads along.
    var isTerminal: Bool

    static var current: ConfigurationSurroundings {
        ConfigurationSurroundings(
            environment: ProcessInfo.processInfo.environment,
            workingFolder: FileManager.default.currentDirectoryPath,
            coreCount: ProcessInfo.processInfo.activeProcessorCount,
            isTerminal: Console.isTerminal
        )
    }
}

extension Configuration {
    /// Variables named like ours that are no settings: the first names the file of settings, the others are
    /// for the project's own tests.
    private static let otherVariables: Set<String> = [
        "RECAST_CONFIG", "RECAST_EXECUTABLE", "RECAST_MEDIA", "RECAST_TEST_S3",
    ]

    /// Reads flags (by the names of the settings), the environment, the file and the defaults.
    ///
    /// - Throws: every problem there is.
    static func load(
        flags: [String: String] = [:],
        surroundings: ConfigurationSurroundings = .current
    ) throws(ConfigurationError) -> Configuration {
        let environment = surroundings.environment
        let (file, entry) = try readFile(flags, surroundings)
        var reader = ConfigurationReader(flags: flags, environment: environment, file: file)
        var configuration = read(&reader, surroundings)
        reader.reportUnknown(otherVariables: otherVariables)
        guard reader.problems.isEmpty else { throw ConfigurationError(problems: reader.problems) }
        configuration.entries = [entry] + reader.entries
        if configuration.backend == .aws { configuration.entries.append(awsEntry(environment)) }
        return configuration
    }

    /// The limits that the environment sets, for commands that need nothing else of all this.
    static func limits(
        in environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> IngestLimits {
        try read(environment) { LimitSettings.read(&$0) }
    }

    /// The folder of presets that the environment names, for commands that need nothing else of all this.
    static func presetsFolder(
        in environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> String? {
        try read(environment) { readPresetsFolder(&$0) }
    }

    private static func read<Value>(
        _ environment: [String: String],
        _ settings: (inout ConfigurationReader) -> Value
    ) throws(ConfigurationError) -> Value {
        var reader = ConfigurationReader(flags: [:], environment: environment, file: nil)
        let value = settings(&reader)
        guard reader.problems.isEmpty else { throw ConfigurationError(problems: reader.problems) }
        return value
    }

    private static func readPresetsFolder(_ reader: inout ConfigurationReader) -> String? {
        reader.read("presetsFolder", "RECAST_PRESETS", .folder)
    }

    /// The names alone: several of these variables are secrets.
    private static func awsEntry(_ environment: [String: String]) -> SettingEntry {
        let names = environment.keys.filter { $0.hasPrefix("AWS_") }.sorted()
        return SettingEntry(name: "aws", value: names, source: .environment("environment"), variable: nil)
    }

    private static func readFile(
        _ flags: [String: String],
        _ surroundings: ConfigurationSurroundings
    ) throws(ConfigurationError) -> (SettingsFile?, SettingEntry) {
        let variable = "RECAST_CONFIG"
        guard let (path, source) = filePath(flags, surroundings) else {
            return (nil, SettingEntry(name: "config", value: nil, source: .standard, variable: variable))
        }
        do {
            let file = try SettingsFile(path: path)
            return (file, SettingEntry(name: "config", value: path, source: source, variable: variable))
        } catch {
            let problem = SettingProblem(
                setting: "config",
                value: "\"\(path)\"",
                source: source,
                reason: error.reason
            )
            throw ConfigurationError(problems: [problem])
        }
    }

    private static func filePath(
        _ flags: [String: String],
        _ surroundings: ConfigurationSurroundings
    ) -> (String, SettingSource)? {
        func absolute(_ path: String) -> String {
            path.hasPrefix("/") ? path : surroundings.workingFolder + "/" + path
        }
        if let path = flags["config"], !path.isEmpty { return (absolute(path), .flag("--config")) }
        if let path = surroundings.environment["RECAST_CONFIG"], !path.isEmpty {
            return (absolute(path), .environment("RECAST_CONFIG"))
        }
        let path = absolute("recast.yaml")
        return FileManager.default.fileExists(atPath: path) ? (path, .standard) : nil
    }

    private static func read(
        _ reader: inout ConfigurationReader,
        _ surroundings: ConfigurationSurroundings
    ) -> Configuration {
        let places = ConfigurationPlaces.read(&reader, surroundings.environment)
        let webhook = readWebhook(&reader)
        let standards = PipelineSettings.readStandards(
            &reader,
            inputBucket: places.inputBucket,
            address: webhook.url
        )
        let pipelines = PipelineSettings.read(&reader, standards)
        return Configuration(
            backend: places.backend,
            dataFolder: places.dataFolder,
            inputBucket: places.inputBucket ?? pipelines[0].inputBucket,
            outputBucket: standards.outputBucket ?? places.inputBucket ?? pipelines[0].effectiveOutputBucket,
            table: places.table,
            responsesTable: places.responsesTable,
            queueURL: places.queueURL,
            deadLetterQueueURL: places.deadLetterQueueURL,
            presetsFolder: readPresetsFolder(&reader),
            pipelines: pipelines,
            worker: readWorker(&reader, surroundings),
            spoolFolder: places.spoolFolder,
            spoolLimit: places.spoolLimit,
            webhook: webhook,
            service: ServiceSettings.read(&reader),
            log: readLog(&reader, surroundings),
            limits: LimitSettings.read(&reader),
            awsEnvironment: surroundings.environment.filter { $0.key.hasPrefix("AWS_") || $0.key == "HOME" },
            entries: []
        )
    }

    private static func readWorker(
        _ reader: inout ConfigurationReader,
        _ surroundings: ConfigurationSurroundings
    ) -> Worker {
        Worker(
            concurrency: reader.read(
                "concurrency",
                "RECAST_CONCURRENCY",
                .whole(1...256),
                default: max(1, surroundings.coreCount / 4)
            ),
            threads: reader.read("threads", "RECAST_THREADS", .whole(1...256)),
            visibilityTimeout: reader.read(
                "visibilityTimeout",
                "RECAST_VISIBILITY_TIMEOUT",
                .number(1...43_200, of: "seconds"),
                default: 60
            ),
            maxFailures: reader.read("maxFailures", "RECAST_MAX_FAILURES", .whole(1...100), default: 3),
            gracePeriod: reader.read(
                "gracePeriod",
                "RECAST_GRACE_PERIOD",
                .number(0...3600, of: "seconds"),
                default: 18
            )
        )
    }

    private static func readLog(
        _ reader: inout ConfigurationReader,
        _ surroundings: ConfigurationSurroundings
    ) -> Log {
        Log(
            level: reader.read("log.level", "RECAST_LOG_LEVEL", .choice, default: .info),
            format: reader.read(
                "log.format",
                "RECAST_LOG_FORMAT",
                .choice,
                default: surroundings.isTerminal ? .text : .json
            )
        )
    }

    private static func readWebhook(_ reader: inout ConfigurationReader) -> Webhook {
        Webhook(
            url: reader.read("webhook.url", "RECAST_WEBHOOK_URL", .address(hidesPath: true)),
            secret: reader.read("webhook.secret", "RECAST_WEBHOOK_SECRET", .secret).map(Secret.init),
            allowsPrivateAddresses: reader.read(
                "webhook.allowPrivate",
                "RECAST_WEBHOOK_ALLOW_PRIVATE",
                .truth,
                default: false
            )
        )
    }
}
