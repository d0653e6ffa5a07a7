package import Foundation

/// Turns what a message says into jobs.
package struct JobIntake: Sendable {
    /// What a message comes to.
    package enum Outcome: Sendable, Equatable {
        /// Jobs to be run: new ones, and those that the same event asked for before.
        case jobs([Job], malformed: [String])
        case job(id: String)
        /// There is nothing to do, for these reasons.
        case nothing([String])
        /// It can never work.
        case malformed(code: String, reason: String)
    }

    private let objects: any ObjectStore
    private let store: any MetadataStore
    private let pipelines: [Pipeline]
    private let now: @Sendable () -> Date

    package init(
        objects: any ObjectStore,
        store: any MetadataStore,
        pipelines: [Pipeline],
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.objects = objects
        self.store = store
        self.pipelines = pipelines
        self.now = now
    }

    package func take(_ text: String) async throws(BackendError) -> Outcome {
        switch EventParser.parse(text) {
        case .malformed(let reason): return .malformed(code: "event.malformed", reason: reason)
        case .nothing(let reason): return .nothing([reason])
        case .job(let id): return .job(id: id)
        case .objects(let events, let skipped): return try await take(events, skipped)
        }
    }

    private func take(
        _ events: [ObjectEvent],
        _ skipped: [SkippedRecord]
    ) async throws(BackendError) -> Outcome {
        var jobs: [Job] = []
        var malformed = skipped.filter { $0.kind == .malformed }.map(\.reason)
        var reasons = skipped.filter { $0.kind != .malformed }.map(\.reason)
        for event in events {
            switch try await decide(event) {
            case .job(let draft): jobs.append(try await insert(draft))
            case .needsMetadata:
                malformed.append("\(event.bucket)/\(event.key): cannot be told from an output")
            case .ignored(let why):
                let reason = "\(event.bucket)/\(event.key): \(why.reason)"
                if why.needsAttention { malformed.append(reason) } else { reasons.append(reason) }
            }
        }
        if !jobs.isEmpty { return .jobs(jobs, malformed: malformed) }
        guard malformed.isEmpty else {
            return .malformed(code: "event.refused", reason: malformed.joined(separator: "; "))
        }
        return .nothing(reasons)
    }

    private func decide(_ event: ObjectEvent) async throws(BackendError) -> Intake {
        let first = IntakeRules.decide(event, pipelines: pipelines)
        guard first == .needsMetadata else { return first }
        let metadata: [String: String]
        do {
            metadata = try await objects.head(ObjectLocation(bucket: event.bucket, key: event.key)).metadata
        } catch {
            // Gone already: its job will say so.
            guard error.code == .notFound else { throw error }
            metadata = [:]
        }
        return IntakeRules.decide(event, pipelines: pipelines, metadata: metadata)
    }

    /// Stores the job, or finds the one that was asked for before.
    ///
    /// The same bytes uploaded once more get another try if the first one failed, or if its outputs are not
    /// there any more: another version's may have replaced them.
    private func insert(_ draft: JobDraft) async throws(BackendError) -> Job {
        let job = try await insertOnce(draft)
        guard job.status.isTerminal, let identity = draft.identity, let sequencer = draft.input.sequencer,
            Sequencer.isOlder(job.input.sequencer, than: sequencer)
        else { return job }
        if job.status == .complete, try await shows(job) { return job }
        var again = draft
        again.identity = "\(identity),\(Sequencer.padded(sequencer))"
        return try await insertOnce(again)
    }

    /// Whether the outputs are those that the job made.
    private func shows(_ job: Job) async throws(BackendError) -> Bool {
        for output in job.outputs {
            let target = ObjectLocation(bucket: job.outputBucket, key: job.objectKey(of: output))
            do {
                guard RenditionMark(try await objects.head(target).metadata)?.jobID == job.id else {
                    return false
                }
            } catch {
                guard error.code == .notFound else { throw error }
                return false
            }
        }
        return true
    }

    private func insertOnce(_ draft: JobDraft) async throws(BackendError) -> Job {
        while true {
            let moment = now()
            var random = SystemRandomNumberGenerator()
            let id = JobID.make(now: moment, random: &random)
            do {
                return try await store.insert(draft.job(id: id, submitted: moment))
            } catch {
                // The id is taken: make another one.
                guard error.code == .conflict else { throw error }
            }
        }
    }
}
