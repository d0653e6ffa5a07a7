package import FFmpeg
package import Foundation
package import Transcoding

/// An input's bytes, wherever they are.
package protocol AsyncInput: Sendable {
    var byteCount: Int64 { get }
    /// Returns exactly the bytes of `range`, which lies within `byteCount`.
    ///
    /// Several ranges may be asked for at the same time. It returns soon when its task is cancelled.
    func read(_ range: Range<Int64>) async throws -> Data
}

/// Where an output's bytes go, wherever that is.
package protocol AsyncOutput: Sendable {
    /// Writes `data` at `offset`; the next write comes when this one has returned.
    ///
    /// The first write is at the length of the file's head. From there the bytes come in order, without gaps.
    /// When all are there and have been checked, the head follows from offset 0 on, in order as well, up to
    /// where the first write was. Nothing is published unless `run` returns.
    func write(_ data: Data, at offset: Int64) async throws
}

/// Where the engine puts what it makes.
package enum EngineOutput: Sendable {
    /// One for each output that is asked for.
    case streams([any AsyncOutput])
    /// One file for each, which must not exist yet, for what a stream cannot take; their owner removes them after
    /// a failure.
    case files(paths: [String])
}

/// What to transcode, without where it is and goes.
package struct EngineRequest: Sendable, Codable {
    /// One encoding of the input.
    package struct Output: Sendable, Codable {
        /// For messages only.
        package var name: String
        package var preset: Preset

        package init(name: String, preset: Preset) {
            self.name = name
            self.preset = preset
        }
    }

    /// For messages only.
    package var inputName: String
    /// What to make, from one decode; at least one, at most `maxOutputs`.
    package var outputs: [Output]
    package var limits: IngestLimits
    /// Cores to share out; `nil` means all of them.
    package var threads: Int?
    /// Seconds from the input's start; `nil` means none.
    package var start: Double?
    /// Seconds; `nil` means all that follows.
    package var duration: Double?

    /// Outputs of one run; each holds the pictures of an encoder in memory.
    package static let maxOutputs = 4

    package init(
        inputName: String,
        outputs: [Output],
        limits: IngestLimits = IngestLimits(),
        threads: Int? = nil
    ) {
        self.inputName = inputName
        self.outputs = outputs
        self.limits = limits
        self.threads = threads
    }
}

/// Why there is no output, and whose doing that is.
package enum EngineFailure: Error {
    case transcoding(TranscodingError)
    /// What the input's `read` threw, as it was.
    case input(any Error)
    /// What the output's `write` threw, as it was.
    case output(any Error)
}

/// Runs the engine in a process of its own, which can reach nothing but the bytes it is given.
///
/// The process has no environment, no credentials, no files and no network; a decoder that a hostile input
/// takes over gains an output of its choice and nothing else. What it sends is checked like any other input.
package struct EngineProcess: Sendable {
    private let starter: EngineStarter
    private let patience: Duration

    /// - Parameters:
    ///   - executable: the program whose command `engine` is the other end; by default this one.
    ///   - patience: how long a process that waits for nothing may do nothing.
    package init(executable: String = "/proc/self/exe", patience: Duration = .seconds(60)) {
        starter = EngineStarter(executable: executable)
        self.patience = patience
    }

    /// Starts a process for the next run, unless one waits already; for when that run is near.
    ///
    /// Starting takes about as long as encoding a second of video, and can go on beside other things.
    package func prepare() { starter.prepare() }

    /// Makes the renditions that are asked for, and returns what they are, in their order.
    ///
    /// All of them are made, or none. Besides the codes of `Transcoder`: `engine.crashed` when the process died, which may be worth another
    /// try; `output.needs-file` when a stream cannot take this output, but a file can. Cancelling the task
    /// kills the process; it is gone when this returns. At most ten times a second, `onProgress` is called.
    package func run(
        _ request: EngineRequest,
        input: any AsyncInput,
        output: EngineOutput,
        onProgress: @escaping @Sendable (TranscodeProgress) -> Void = { _ in }
    ) async throws(EngineFailure) -> [TranscodeResult] {
        guard input.byteCount > 0 else {
            throw .transcoding(TranscodingError(.inputEmpty, "\(request.inputName) is empty"))
        }
        let session: EngineSession
        do {
            session = try await EngineSession(
                request,
                input: input,
                output: output,
                starter: starter,
                patience: patience,
                onProgress: onProgress
            )
        } catch {
            throw .transcoding(error)
        }
        return try await session.run().get()
    }
}
