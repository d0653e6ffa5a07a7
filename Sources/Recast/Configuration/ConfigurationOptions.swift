internal import ArgumentParser

/// The flags of every command that reads the configuration.
///
/// They are texts, so that wrong ones are named together with all other wrong settings. Secrets have no
/// flags: other users of the machine see a program's arguments.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "A file of settings, YAML or JSON (default: recast.yaml where there is one).")
    var config: String?
    @Option(help: "Where objects, jobs and messages are: local or aws.")
    var backend: String?
    @Option(help: "The folder of the local backend.")
    var data: String?
    @Option(help: "The bucket uploads come to.")
    var inputBucket: String?
    @Option(help: "The bucket renditions go to.")
    var outputBucket: String?
    @Option(help: "The queue events come from.")
    var queueUrl: String?
    @Option(help: "The queue for messages that were given up.")
    var deadLetterQueueUrl: String?
    @Option(help: "How output keys are made, such as output/web/{key}.")
    var keyTemplate: String?
    @Option(help: "The presets to make a rendition with, separated by commas.")
    var renditions: String?
    @Option(help: "The extensions of the files to take, separated by commas (default: all).")
    var extensions: String?
    @Option(help: "A folder of presets.")
    var presetsFolder: String?
    @Option(help: "How many jobs to run at once.")
    var concurrency: String?
    @Option(help: "How many cores one job may use.")
    var threads: String?
    @Option(help: "Seconds a job may take to finish after the program was asked to stop.")
    var gracePeriod: String?
    @Option(help: "The folder for files on their way.")
    var spoolFolder: String?
    @Option(help: "What is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?
    @Option(help: "How it is logged: text or json.")
    var logFormat: String?

    /// What was given, by the names of the settings.
    var values: [String: String] {
        let all: [(String, String?)] = [
            ("config", config), ("backend", backend), ("data", data), ("inputBucket", inputBucket),
            ("outputBucket", outputBucket), ("queueURL", queueUrl),
            ("deadLetterQueueURL", deadLetterQueueUrl), ("keyTemplate", keyTemplate),
            ("renditions", renditions), ("extensions", extensions), ("presetsFolder", presetsFolder),
            ("concurrency", concurrency), ("threads", threads), ("gracePeriod", gracePeriod),
            ("spool.folder", spoolFolder), ("log.level", logLevel), ("log.format", logFormat),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, text in text.map { (name, $0) } })
    }

    static func flag(for setting: String) -> String { "--" + Spelling.kebab(setting) }
}
