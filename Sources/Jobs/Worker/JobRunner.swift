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
        ) async throws(EngineFailure) -> TranscodeResult

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
    /// One output's permanent failure leaves the others alone. It throws what stops the whole job;
    /// `nil` means that the claim was lost.
    package func run(
        _ claim: Job,
        _ progress: JobProgress,
        _ log: Logger
    ) async throws(JobFailure) -> Job? {
        var job = claim
        let info = try await look(at: ObjectLocation(bucket: job.input.bucket, key: job.input.key))
        guard let current = try await note(job, { $0.input.byteCount = info.byteCount }) else { return nil }
        job = current
        if job.attempt > 1 { await removeUploads(of: job) }
        for index in job.outputs.indices where !job.outputs[index].status.isTerminal {
            guard let begun = try await note(job, { $0.outputs[index].status = .progressing }) else {
                return nil
            }
            job = begun
            progress.begin(finished: job.outputs.count { $0.status.isTerminal })
            do throws(JobFailure) {
                guard let made = try await make(job, index, info, progress, log) else { return nil }
                guard
                    let made = try await note(
                        job,
                        { job in
                            job.outputs[index].status = .complete
                            job.outputs[index].rendition = made.rendition
                            job.input.detected = made.detected ?? job.input.detected
                        }
                    )
                else { return nil }
                job = made
            } catch {
                guard case .permanent(let problem) = error else { throw error }
                guard
                    let failed = try await note(
                        job,
                        { job in
                            job.outputs[index].status = .error
                            job.outputs[index].error = problem
                        }
                    )
                else { return nil }
                job = failed
            }
        }
        return job
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

    private func make(
        _ job: Job,
        _ index: Int,
        _ info: ObjectInfo,
        _ progress: JobProgress,
        _ log: Logger
    ) async throws(JobFailure) -> RenditionUpload.Made? {
        let output = job.outputs[index]
        let target = ObjectLocation(bucket: job.outputBucket, key: job.objectKey(of: output))
        let place = RenditionPlace(objects: objects, job: job, output: output, target: target)
        switch try await place.look() {
        case .adopt(let info):
            guard var rendition = output.rendition else { break }
            rendition.eTag = info.eTag
            return RenditionUpload.Made(rendition: rendition, detected: nil)
        case .write: break
        }
        let input = ObjectLocation(bucket: job.input.bucket, key: job.input.key)
        do {
            let request = try await engineRequest(job, output, input, target)
            let source = ObjectInput(store: objects, location: input, info: info)
            let attributes = ObjectAttributes(
                contentType: request.preset.container.contentType(hasVideo: request.preset.video != nil),
                metadata: RenditionMark(job: job, output: output, inputETag: info.eTag).metadata
            )
            let work = RenditionUpload(
                runner: self,
                request: request,
                input: source,
                place: place,
                attributes: attributes,
                progress: progress
            )
            return try await work.run(log) { rendition in
                // Stored before it is visible: whoever finds the object knows what it is.
                try await note(job) { $0.outputs[index].rendition = rendition } != nil
            }
        } catch {
            throw JobFailure(error, input: input, output: target)
        }
    }

    private func engineRequest(
        _ job: Job,
        _ output: Job.Output,
        _ input: ObjectLocation,
        _ target: ObjectLocation
    ) async throws -> EngineRequest {
        var request = EngineRequest(
            inputName: input.description,
            outputName: target.description,
            preset: try await presets(output.presetID),
            limits: settings.limits,
            threads: settings.threads
        )
        let span = output.timeSpan ?? job.input.timeSpan
        request.start = span?.start.flatMap(ClipTime.seconds)
        request.duration = span?.duration.flatMap(ClipTime.seconds)
        return request
    }
}
