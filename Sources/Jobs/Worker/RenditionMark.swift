internal import Foundation

/// What an output's metadata say about where it came from.
///
/// The object itself tells, without any table, which version of which input it shows.
package struct RenditionMark: Sendable, Equatable {
    package var jobID: String
    /// The input's bucket and key, percent-encoded.
    package var input: String
    package var inputETag: String
    /// `Sequencer.padded`.
    package var sequencer: String
    package var presetID: String

    package init(job: Job, output: Job.Output, inputETag: String) {
        jobID = job.id
        input = RenditionMark.encoded("\(job.input.bucket)/\(job.input.key)")
        self.inputETag = inputETag
        sequencer = Sequencer.padded(job.input.sequencer)
        presetID = output.presetID
    }

    /// Reads an object's metadata; `nil` when it is no rendition of ours.
    package init?(_ metadata: [String: String]) {
        guard let job = metadata[IntakeRules.outputMark], let input = metadata["recast-input"] else {
            return nil
        }
        jobID = job
        self.input = input
        inputETag = metadata["recast-input-etag"] ?? ""
        sequencer = metadata["recast-sequencer"] ?? ""
        presetID = metadata["recast-preset"] ?? ""
    }

    package var metadata: [String: String] {
        [
            IntakeRules.outputMark: jobID, "recast-input": input, "recast-input-etag": inputETag,
            "recast-sequencer": sequencer, "recast-preset": RenditionMark.encoded(presetID),
        ]
    }

    /// Metadata travel as HTTP headers, which are ASCII, and have 2 KB together.
    private static func encoded(_ text: String) -> String {
        let plain = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"
        )
        let encoded = text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
        return String(encoded.prefix(1024))
    }
}
