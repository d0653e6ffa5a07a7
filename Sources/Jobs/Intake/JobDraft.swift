package import Foundation

/// A job that an event asks for, before it has an id.
package struct JobDraft: Sendable, Equatable {
    package var pipelineID: String
    /// What makes two events ask for the same job; `nil` when the event does not say which version it is.
    package var identity: String?
    package var input: Job.Input
    package var outputBucket: String
    package var outputKeyPrefix: String
    package var outputs: [Job.Output]

    package func job(id: String, submitted: Date) -> Job {
        Job(
            id: id,
            pipelineID: pipelineID,
            identity: identity,
            origin: .event,
            input: input,
            outputBucket: outputBucket,
            outputKeyPrefix: outputKeyPrefix,
            outputs: outputs,
            submitted: submitted
        )
    }
}

/// What makes two events ask for the same job, as a text of at most 2,000 bytes.
package enum JobIdentity {
    /// Bytes that the names of a pipeline's presets may take up in it.
    static let presetBytes = 440
    /// Bytes of the longest pipeline id.
    static let pipelineBytes = 64

    /// Joins the input's version, the pipeline and the presets so that no two lists give the same text.
    ///
    /// A bucket without versions calls every version `null`, so there the ETag tells them apart, and where
    /// there is none either, the sequencer.
    package static func make(_ input: Job.Input, pipelineID: String, presets: [String]) -> String? {
        let version: [String]
        if let id = input.versionID, id != "null" {
            version = ["version", id]
        } else if let tag = input.eTag {
            version = ["etag", tag]
        } else if let sequencer = input.sequencer {
            version = ["sequencer", Sequencer.padded(sequencer)]
        } else {
            return nil
        }
        return join([input.bucket, input.key] + version + [pipelineID] + presets.sorted())
    }

    /// Each text behind its length in bytes.
    static func join(_ texts: [String]) -> String {
        texts.map { "\($0.utf8.count):\($0)" }.joined(separator: ",")
    }
}
