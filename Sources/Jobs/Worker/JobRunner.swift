package import FFmpeg
package import Foundation
package import IsolatedEngine
package import Logging
package import Transcoding

/// Makes the outputs of one claimed job.
package struct JobRunner: Sendable {
    /// The engine, in a process of its own unless a test brings another.
    package typealias Engine =
        @Sendable (
            EngineRequest, any AsyncInput, EngineOutput, @escaping @Sendable (TranscodeProgress) -> Void
        ) async throws(EngineFailure) -> [TranscodeResult]

    /// What does not change from job to job.
    package struct Settings: Sendable {
        package var limits = IngestLimits()
        /// Cores for one job; `nil` means all.
        package var threads: Int?
        /// Where outputs go that cannot be streamed.
        package var spoolFolder: String
        /// Bytes such an output may have.
        package var spoolLimit: Int64
        /// Called when a run of the engine is near, for what it takes a while to get ready.
        package var prepare: @Sendable () -> Void = {}

        package init(spoolFolder: String, spoolLimit: Int64 = 20 << 30) {
            self.spoolFolder = spoolFolder
            self.spoolLimit = spoolLimit
        }
    }

    let objects: any ObjectStore
    let ledger: JobLedger
    let engine: Engine
    let presets: @Sendable (String) async throws -> Preset
    let settings: Settings
    let now: @Sendable () -> Date

    package init(
        objects: any ObjectStore,
        ledger: JobLedger,
        engine: @escaping Engine,
        presets: @escaping @Sendable (String) async throws -> Preset,
        settings: Settings,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.objects = objects
        self.ledger = ledger
        self.engine = engine
        self.presets = presets
        self.settings = settings
        self.now = now
    }

    /// Makes every output that is not made yet, in order, and returns the job with what became of them.
    ///
    /// Outputs of the same part of the input are made from one decode, some at a time. One output's permanent
    /// failure leaves the others alone. It throws what stops the whole job; `nil` means that the claim was lost.
    package func run(
        _ claim: Job,
        _ progress: JobProgress,
        _ log: Logger
    ) async throws(JobFailure) -> Job? {
        let info = try await look(at: claim.input.location)
        guard var job = try await note(claim, { $0.input.byteCount = info.byteCount }) else { return nil }
        if job.attempt > 1 { await removeUploads(of: job) }
        for group in OutputGroups(job, atMost: EngineRequest.maxOutputs).groups {
            if group.count > 1 {
                guard let made = try await makeTogether(job, group, info, progress, log) else { return nil }
                job = made
            }
            for index in group where !job.outputs[index].status.isTerminal {
                guard let made = try await makeAlone(job, index, info, progress, log) else { return nil }
                job = made
            }
        }
        return job
    }

    /// Makes several outputs from one decode; what is left unfinished then has to be made alone.
    private func makeTogether(
        _ job: Job,
        _ outputs: [Int],
        _ info: ObjectInfo,
        _ progress: JobProgress,
        _ log: Logger
    ) async throws(JobFailure) -> Job? {
        guard let begun = try await begin(job, outputs, progress) else { return nil }
        var group = RenditionGroup(runner: self, input: source(job, info), progress: progress)
        for index in outputs {
            // What an earlier attempt has published needs no engine, and what cannot be made fails alone.
            guard case .make(let upload) = try? await task(begun, index, info) else { continue }
            group.members.append((index, upload))
        }
        guard group.members.count > 1 else { return begun }
        let latest = Latest(begun)
        do {
            return try await make(group, latest, log)
        } catch {
            let failure = JobFailure(error, input: job.input.location, output: location(job, outputs[0]))
            guard !Task.isCancelled else { throw failure }
            guard case .permanent(let problem) = failure, group.isShared(error) else {
                log.info("outputs are made one by one", metadata: ["reason": "\(failure)"])
                return latest.job
            }
            let indexes = group.members.map(\.index)
            return try await note(job) { job in
                for index in indexes where !job.outputs[index].status.isTerminal {
                    job.outputs[index].fail(problem)
                }
            }
        }
    }

    private func makeAlone(
        _ job: Job,
        _ index: Int,
        _ info: ObjectInfo,
        _ progress: JobProgress,
        _ log: Logger
    ) async throws(JobFailure) -> Job? {
        guard let begun = try await begin(job, [index], progress) else { return nil }
        do {
            switch try await task(begun, index, info) {
            case .made(let made): return try await finish(begun, index, made)
            case .make(let upload):
                var group = RenditionGroup(runner: self, input: source(job, info), progress: progress)
                group.members = [(index, upload)]
                return try await make(group, Latest(begun), log)
            }
        } catch {
            let failure = JobFailure(error, input: job.input.location, output: location(job, index))
            guard case .permanent(let problem) = failure else { throw failure }
            return try await note(job) { $0.outputs[index].fail(problem) }
        }
    }

    /// A job as it was stored last.
    private final class Latest {
        var job: Job
        init(_ job: Job) { self.job = job }
    }

    private func make(_ group: RenditionGroup, _ latest: Latest, _ log: Logger) async throws -> Job? {
        let begun = latest.job
        let isHeld = try await group.run(log) { index, rendition in
            // Stored before it is visible: whoever finds the object knows what it is.
            try await note(begun) { $0.outputs[index].rendition = rendition } != nil
        } onMade: { index, made in
            guard let stored = try await finish(begun, index, made) else { return false }
            latest.job = stored
            return true
        }
        return isHeld ? latest.job : nil
    }

    /// Stores that outputs are being made.
    private func begin(
        _ job: Job,
        _ outputs: [Int],
        _ progress: JobProgress
    ) async throws(JobFailure) -> Job? {
        var begun = job
        if outputs.contains(where: { job.outputs[$0].status != .progressing }) {
            guard
                let stored = try await note(
                    job,
                    { job in for index in outputs { job.outputs[index].status = .progressing } }
                )
            else { return nil }
            begun = stored
        }
        progress.begin(finished: begun.outputs.count { $0.status.isTerminal }, running: outputs.count)
        return begun
    }

    private func finish(
        _ job: Job,
        _ index: Int,
        _ made: RenditionUpload.Made
    ) async throws(JobFailure) -> Job? {
        try await note(job) { job in
            job.outputs[index].status = .complete
            job.outputs[index].rendition = made.rendition
            job.input.detected = made.detected ?? job.input.detected
        }
    }

    private func look(at input: ObjectLocation) async throws(JobFailure) -> ObjectInfo {
        do {
            return try await objects.head(input)
        } catch {
            // An answer without an object does not say whether there is a bucket.
            guard error.code == .notFound, (try? await objects.hasBucket(input.bucket)) == false else {
                throw JobFailure(reading: input, error)
            }
            throw .noBucket(input.bucket, code: .inputNoBucket)
        }
    }

    /// Removes what attempts that died have left of outputs that are not made.
    func removeUploads(of job: Job) async {
        guard job.attempt > 0 else { return }
        for output in job.outputs where output.status != .complete {
            // Where listing them is denied, the bucket's own rule for unfinished uploads removes them.
            _ = try? await objects.abortUploads(
                of: ObjectLocation(bucket: job.outputBucket, key: job.objectKey(of: output))
            )
        }
    }

    /// Stores a change of the job, if the claim still holds.
    private func note(
        _ job: Job,
        _ change: @escaping @Sendable (inout Job) -> Void
    ) async throws(JobFailure) -> Job? {
        do {
            return try await ledger.update(job) { stored in
                var changed = stored
                change(&changed)
                return changed
            }
        } catch {
            throw JobFailure(error)
        }
    }
}

extension Job.Output {
    fileprivate mutating func fail(_ problem: JobError) {
        status = .error
        error = problem
    }
}
