internal import Transcoding

/// Where an output goes, and what may be there already.
struct RenditionPlace: Sendable {
    /// What to do at the place.
    enum Finding: Sendable {
        case write(WriteCondition)
        /// An earlier attempt of this job has finished it.
        case adopt(ObjectInfo)
    }

    let objects: any ObjectStore
    let job: Job
    let output: Job.Output
    let target: ObjectLocation

    /// Looks at what is there.
    ///
    /// - Throws: `output.exists` for what is not ours to replace; `superseded` for the rendition of a newer
    ///   version of the same input.
    func look() async throws(JobFailure) -> Finding {
        let info: ObjectInfo
        do {
            info = try await objects.head(target)
        } catch {
            guard error.code != .notFound else { return .write(.absent) }
            throw JobFailure(writing: target, error)
        }
        guard let mark = RenditionMark(info.metadata) else { throw exists }
        if mark.jobID == job.id { return .adopt(info) }
        let mine = RenditionMark(job: job, output: output, inputETag: "")
        guard job.origin == .event, mark.input == mine.input else { throw exists }
        guard !Sequencer.isOlder(mine.sequencer, than: mark.sequencer) else {
            throw .superseded(
                JobError(
                    .inputSuperseded,
                    "\(target) shows a newer version of \(job.input.bucket)/\(job.input.key)"
                )
            )
        }
        return .write(.matches(eTag: info.eTag))
    }

    private var exists: JobFailure {
        .permanent(
            JobError(
                code: TranscodingError.Code.outputExists.rawValue,
                message: "\(target) exists already",
                isRetryable: false
            )
        )
    }

    /// Publishes under the condition that `look` finds, looking again while others are faster.
    func publish(
        _ write: (WriteCondition) async throws(BackendError) -> String
    ) async throws(JobFailure) -> String {
        for _ in 0..<8 {
            let condition: WriteCondition
            switch try await look() {
            case .adopt(let info): return info.eTag
            case .write(let found): condition = found
            }
            do throws(BackendError) {
                return try await write(condition)
            } catch {
                // What was to be replaced may be gone.
                let isGone = error.code == .notFound && condition != .absent
                guard error.code == .conflict || isGone else { throw JobFailure(writing: target, error) }
            }
        }
        throw .transient(
            JobError(code: "conflict", message: "\(target) changes all the time", isRetryable: true)
        )
    }
}
