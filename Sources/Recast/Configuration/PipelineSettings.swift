internal import Jobs

/// The settings of pipelines: a list in the file, or one pipeline made of the settings outside of it.
enum PipelineSettings {
    /// The settings every pipeline has unless it says otherwise.
    struct Standards {
        var inputBucket: String?
        var outputBucket: String?
        var keyTemplate: String
        var presets: [String]
        var extensions: [String]
        var topics: Pipeline.Topics
    }

    private static let list = "pipelines"

    /// What is common to all pipelines; `address` is the topic of those that have none.
    static func readStandards(
        _ reader: inout ConfigurationReader,
        inputBucket: String?,
        address: String?
    ) -> Standards {
        Standards(
            inputBucket: inputBucket,
            outputBucket: reader.read(
                "outputBucket",
                "RECAST_OUTPUT_BUCKET",
                .bucket,
                fallback: inputBucket,
                impliedBy: "inputBucket"
            ),
            keyTemplate: reader.read(
                "keyTemplate",
                "RECAST_KEY_TEMPLATE",
                .text(),
                default: KeyTemplate.standard
            ),
            presets: reader.read("renditions", "RECAST_RENDITIONS", presetNames, default: ["web"]),
            extensions: reader.read("extensions", "RECAST_EXTENSIONS", extensionNames, default: []),
            topics: readTopics(
                &reader,
                below: "topics",
                variable: "RECAST_TOPIC_",
                standard: Pipeline.Topics(
                    progressing: address ?? "",
                    completed: address ?? "",
                    warning: address ?? "",
                    error: address ?? ""
                ),
                impliedBy: address == nil ? nil : "webhook.url"
            )
        )
    }

    /// The pipelines, at least one; problems are left with the reader.
    static func read(_ reader: inout ConfigurationReader, _ standards: Standards) -> [Pipeline] {
        let count = reader.count(of: list)
        let pipelines =
            count == 0
            ? [standard(standards)]
            : (0..<count).map { readOne(&reader, "\(list)[\($0)]", standards) }
        for (index, pipeline) in pipelines.enumerated() {
            for problem in pipeline.problems(readsMetadata: true) {
                report(&reader, problem, isListed: count > 0, index)
            }
        }
        for (index, problem) in Pipeline.conflicts(among: pipelines) {
            report(&reader, problem, isListed: count > 0, index)
        }
        return pipelines
    }

    private static func standard(_ standards: Standards) -> Pipeline {
        Pipeline(
            id: "default",
            name: "Default",
            inputBucket: standards.inputBucket ?? "",
            outputBucket: standards.outputBucket,
            keyTemplate: standards.keyTemplate,
            presets: standards.presets,
            extensions: standards.extensions,
            topics: standards.topics
        )
    }

    private static func readOne(
        _ reader: inout ConfigurationReader,
        _ path: String,
        _ standards: Standards
    ) -> Pipeline {
        let id = reader.read("\(path).id", nil, .text(), default: "")
        let inputBucket = reader.read(
            "\(path).inputBucket",
            nil,
            .bucket,
            default: standards.inputBucket ?? "",
            impliedBy: standards.inputBucket.map { _ in "inputBucket" }
        )
        let outputBucket = reader.read(
            "\(path).outputBucket",
            nil,
            .bucket,
            fallback: standards.outputBucket ?? inputBucket,
            impliedBy: standards.outputBucket == nil ? "inputBucket" : "outputBucket"
        )
        return Pipeline(
            id: id,
            name: reader.read("\(path).name", nil, .text(), default: id),
            inputBucket: inputBucket,
            inputPrefix: reader.read("\(path).inputPrefix", nil, .text(), default: ""),
            outputBucket: outputBucket ?? standards.outputBucket,
            keyTemplate: reader.read("\(path).keyTemplate", nil, .text(), default: standards.keyTemplate),
            presets: reader.read("\(path).renditions", nil, presetNames, default: standards.presets),
            extensions: reader.read("\(path).extensions", nil, extensionNames, default: standards.extensions),
            topics: readTopics(
                &reader,
                below: "\(path).topics",
                variable: nil,
                standard: standards.topics,
                impliedBy: nil
            ),
            isPaused: reader.read("\(path).paused", nil, .truth, default: false)
        )
    }

    private static func readTopics(
        _ reader: inout ConfigurationReader,
        below path: String,
        variable: String?,
        standard: Pipeline.Topics,
        impliedBy implication: String?
    ) -> Pipeline.Topics {
        func read(_ name: String, _ topic: String) -> String {
            reader.read(
                "\(path).\(name)",
                variable.map { $0 + name.uppercased() },
                .topic,
                default: topic,
                impliedBy: implication
            )
        }
        return Pipeline.Topics(
            progressing: read("progressing", standard.progressing),
            completed: read("completed", standard.completed),
            warning: read("warning", standard.warning),
            error: read("error", standard.error)
        )
    }

    private static func report(
        _ reader: inout ConfigurationReader,
        _ problem: PipelineProblem,
        isListed: Bool,
        _ index: Int
    ) {
        let member = problem.member == "presets" ? "renditions" : problem.member
        let path = isListed ? "\(list)[\(index)].\(member)" : member
        // A bucket that was given and is wrong has been named already.
        guard !reader.problems.contains(where: { $0.setting == path }) else { return }
        reader.report(path, problem.reason)
    }

    private static var presetNames: SettingKind<[String]> { .list("names of presets") }
    private static var extensionNames: SettingKind<[String]> { .list("extensions without dots, such as mp4") }
}
