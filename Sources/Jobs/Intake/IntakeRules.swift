/// What becomes of an event.
package enum Intake: Sendable, Equatable {
    case job(JobDraft)
    case ignored(Ignored)
    /// Only the object's metadata tell whether it is an output: read them, and decide again.
    case needsMetadata

    /// Why an event starts no job.
    package enum Ignored: Sendable, Equatable {
        case folderMarker
        /// Its key begins as the outputs of the pipeline of this id do.
        case outputByPrefix(pipelineID: String)
        /// Its metadata name the job that wrote it.
        case outputByMetadata(jobID: String)
        case noPipeline
        /// The pipeline does not want files of this extension.
        case fileExtension(String, pipelineID: String)
        /// An output would have the input's own key.
        case outputReplacesInput(pipelineID: String)
        /// An output's key would have more than 1,024 bytes.
        case outputKeyTooLong(pipelineID: String)

        /// Whether somebody waits for a rendition that will never come.
        package var needsAttention: Bool {
            switch self {
            case .outputReplacesInput, .outputKeyTooLong: true
            case .folderMarker, .outputByPrefix, .outputByMetadata, .noPipeline, .fileExtension: false
            }
        }

        package var reason: String {
            switch self {
            case .folderMarker: "it marks a folder"
            case .outputByPrefix(let id): "it is where the outputs of pipeline \(id) are"
            case .outputByMetadata(let id): "it is an output of job \(id)"
            case .noPipeline: "no pipeline reads there"
            case .fileExtension(let name, let id): "pipeline \(id) does not take .\(name) files"
            case .outputReplacesInput(let id): "the template of pipeline \(id) would replace the input"
            case .outputKeyTooLong(let id): "the template of pipeline \(id) makes a key of over 1024 bytes"
            }
        }
    }
}

/// Decides which events start which jobs.
package enum IntakeRules {
    /// The metadata by which outputs are known; its value is the job's id.
    package static let outputMark = "recast-job"
    private static let keyLimit = 1024

    /// What becomes of an event.
    ///
    /// Outputs are events too where a pipeline's output bucket is an input bucket. Two things break the loop:
    /// the part of each template before its first placeholder, and the mark in the object's own `metadata`.
    /// Their names are in lower case; `nil` when nobody looked, which suffices while all templates in
    /// question begin with a text.
    package static func decide(
        _ event: ObjectEvent,
        pipelines: [Pipeline],
        metadata: [String: String]? = nil
    ) -> Intake {
        if event.isFolderMarker { return .ignored(.folderMarker) }
        if let writer = pipelines.first(where: { writesOutput($0, bucket: event.bucket, key: event.key) }) {
            return .ignored(.outputByPrefix(pipelineID: writer.id))
        }
        if let job = metadata?[outputMark] { return .ignored(.outputByMetadata(jobID: job)) }
        let readers = mostSpecific(pipelines.filter { reads($0, event) })
        guard let first = readers.first else { return .ignored(.noPipeline) }
        let fileExtension = KeyPieces(event.key).fileExtension.lowercased()
        guard let pipeline = readers.first(where: { takes($0, fileExtension) }) else {
            return .ignored(.fileExtension(fileExtension, pipelineID: first.id))
        }
        if metadata == nil, pipelines.contains(where: { hidesOutputs($0, in: event.bucket) }) {
            return .needsMetadata
        }
        return draft(event, pipeline)
    }

    /// Whether a pipeline has outputs in a bucket that their keys do not show to be outputs.
    ///
    /// API clients name their outputs as they like.
    private static func hidesOutputs(_ pipeline: Pipeline, in bucket: String) -> Bool {
        isSame(pipeline.effectiveOutputBucket, bucket) && outputPrefix(pipeline).isEmpty
    }

    /// What the keys of all outputs of a pipeline begin with.
    private static func outputPrefix(_ pipeline: Pipeline) -> String {
        guard pipeline.takesEvents else { return "" }
        return (try? KeyTemplate(pipeline.keyTemplate))?.literalPrefix ?? ""
    }

    /// Whether a key is where a pipeline's outputs are.
    static func writesOutput(_ pipeline: Pipeline, bucket: String, key: String) -> Bool {
        let prefix = outputPrefix(pipeline)
        return isSame(pipeline.effectiveOutputBucket, bucket) && !prefix.isEmpty && begins(key, with: prefix)
    }

    private static func reads(_ pipeline: Pipeline, _ event: ObjectEvent) -> Bool {
        pipeline.takesEvents && isSame(pipeline.inputBucket, event.bucket)
            && begins(event.key, with: pipeline.inputPrefix)
    }

    /// Those with the longest prefix; the ones that take certain extensions only come before the others.
    private static func mostSpecific(_ pipelines: [Pipeline]) -> [Pipeline] {
        let longest = pipelines.map(\.inputPrefix.utf8.count).max()
        return pipelines.filter { $0.inputPrefix.utf8.count == longest }.sorted {
            ($0.extensions.isEmpty ? 1 : 0, $0.id) < ($1.extensions.isEmpty ? 1 : 0, $1.id)
        }
    }

    static func takes(_ pipeline: Pipeline, _ fileExtension: String) -> Bool {
        pipeline.extensions.isEmpty || pipeline.extensions.contains { $0.lowercased() == fileExtension }
    }

    private static func draft(_ event: ObjectEvent, _ pipeline: Pipeline) -> Intake {
        guard let template = try? KeyTemplate(pipeline.keyTemplate) else { return .ignored(.noPipeline) }
        let input = Job.Input(
            bucket: event.bucket,
            key: event.key,
            versionID: event.versionID,
            eTag: event.eTag,
            byteCount: event.byteCount,
            sequencer: event.sequencer
        )
        let folder = KeyPieces(template.literalPrefix).folder
        var outputs: [Job.Output] = []
        for (index, preset) in pipeline.presets.enumerated() {
            let key = template.key(for: event.key, in: event.bucket, preset: preset)
            guard key.utf8.count <= keyLimit else {
                return .ignored(.outputKeyTooLong(pipelineID: pipeline.id))
            }
            if isSame(pipeline.effectiveOutputBucket, event.bucket), isSame(key, event.key) {
                return .ignored(.outputReplacesInput(pipelineID: pipeline.id))
            }
            let below = String(decoding: key.utf8.dropFirst(folder.utf8.count), as: UTF8.self)
            outputs.append(Job.Output(id: String(index + 1), key: below, presetID: preset))
        }
        return .job(
            JobDraft(
                pipelineID: pipeline.id,
                identity: JobIdentity.make(input, pipelineID: pipeline.id, presets: pipeline.presets),
                input: input,
                outputBucket: pipeline.effectiveOutputBucket,
                outputKeyPrefix: folder,
                outputs: outputs
            )
        )
    }

    // Keys are bytes: texts that only look the same, and that Swift calls equal, name different objects.
    static func begins(_ text: String, with prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }
    static func isSame(_ first: String, _ second: String) -> Bool { first.utf8.elementsEqual(second.utf8) }
}
