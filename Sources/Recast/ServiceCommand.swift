internal import ArgumentParser
internal import Foundation
internal import Jobs
internal import Logging

/// What commands that work on jobs have in common: settings, logs, and exit statuses.
enum ServiceCommand {
    /// Reads the settings and starts the log, or says everything that is wrong and ends with 2.
    ///
    /// `flags` are those of the command alone.
    static func configuration(
        _ options: ConfigurationOptions,
        flags: [String: String] = [:]
    ) throws -> (Configuration, Logger) {
        do {
            let configuration = try Configuration.load(flags: options.values.merging(flags) { $1 })
            return (configuration, LogOutput.start(configuration.log))
        } catch {
            error.print()
            throw CommandFailure(status: ExitStatus.usage)
        }
    }

    /// Ends with what a backend's fault means to a caller: 6 when it may pass, 3 when it will not.
    static func fail(_ error: BackendError) -> CommandFailure {
        Console.error("recast: \(error.message) [\(error.code.rawValue)]")
        return CommandFailure(status: error.isRetryable ? 6 : 3)
    }
}

/// Where log lines go: standard error, as text for people or JSON for machines.
enum LogOutput {
    static func start(_ settings: Configuration.Log) -> Logger {
        var logger = Logger(label: "recast") { _ in LineLog(isJSON: settings.format == .json) }
        logger.logLevel = settings.level
        return logger
    }
}

/// Writes each event as one line.
private struct LineLog: LogHandler {
    let isJSON: Bool
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let time = Date().formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted)
        )
        if isJSON {
            var fields: [String: String] = all.mapValues { "\($0)" }
            fields["time"] = time
            fields["level"] = event.level.rawValue
            fields["message"] = "\(event.message)"
            guard
                let data = try? JSONSerialization.data(
                    withJSONObject: fields,
                    options: [.sortedKeys, .withoutEscapingSlashes]
                )
            else {
                return
            }
            Console.error(String(decoding: data, as: UTF8.self))
        } else {
            let facts = all.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.word("\($0.value)"))" }
            let line = [time, event.level.rawValue, "\(event.message)"] + facts
            Console.error(line.joined(separator: " "))
        }
    }

    /// Quoted where a blank or a line's end would break the line up.
    private static func word(_ text: String) -> String {
        guard text.isEmpty || text.contains(where: { $0.isWhitespace || $0 == "\"" || $0.isNewline }) else {
            return text
        }
        return text.debugDescription
    }
}
