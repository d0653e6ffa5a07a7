internal import Foundation
internal import Jobs
internal import Logging
internal import Transcoding

/// The operations on jobs.
extension ElasticTranscoderAPI {
    func createJob(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let request = JobRequest(input)
        guard request.violations.isEmpty else { throw APIError(violations: request.violations) }
        let pipeline = try await pipeline(input["PipelineId"]?.text ?? "")
        try await checkPresets(of: request)
        var source = Job.Input(bucket: pipeline.inputBucket, key: request.inputKey)
        if !request.stated.isEmpty { source.stated = request.stated }
        source.timeSpan = request.timeSpan
        let (moment, from) = (now(), source)
        let job = try await withNewID { id throws(BackendError) in
            try await store.insert(
                Job(
                    id: id,
                    pipelineID: pipeline.id,
                    identity: nil,
                    origin: .api,
                    input: from,
                    outputBucket: pipeline.effectiveOutputBucket,
                    outputKeyPrefix: input["OutputKeyPrefix"]?.text ?? "",
                    outputs: request.outputs,
                    userMetadata: input["UserMetadata"]?.texts ?? [:],
                    submitted: moment
                )
            )
        }
        try await queueJob(job)
        return .object(["Job": answer(job)])
    }

    func readJob(_ input: JSONValue) async throws(APIError) -> JSONValue {
        .object(["Job": answer(try await job(input["Id"]?.text ?? ""))])
    }

    func listJobsByPipeline(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let pipeline = try await pipeline(input["PipelineId"]?.text ?? "")
        return try await listJobs(.pipeline(pipeline.id), input)
    }

    func listJobsByStatus(_ input: JSONValue) async throws(APIError) -> JSONValue {
        try await listJobs(.status(JobStatus(rawValue: input["Status"]?.text ?? "") ?? .submitted), input)
    }

    /// Cancels a job that nobody has begun, and writes that into its record.
    func cancelJob(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let id = input["Id"]?.text ?? ""
        guard let canceled = try await cancel(id) else {
            throw APIError(
                .inUse,
                "The job is no longer Submitted: account=\(settings.account), jobId=\(id)."
            )
        }
        await settle(canceled)
        return .object([:])
    }

    // MARK: - Steps

    private func job(_ id: String) async throws(APIError) -> Job {
        let found = try await attempt { () throws(BackendError) in try await store.job(id) }
        guard let found else { throw notFound("job", id) }
        return found
    }

    private func listJobs(_ filter: JobFilter, _ input: JSONValue) async throws(APIError) -> JSONValue {
        let found = try await attempt { () throws(BackendError) in
            try await store.jobs(
                filter,
                ascending: isAscending(input),
                after: input["PageToken"]?.text,
                limit: Self.pageSize
            )
        }
        return page("Jobs", found.items.map(answer), next: found.next)
    }

    /// Makes sure that all presets are there and can be made.
    private func checkPresets(of request: JobRequest) async throws(APIError) {
        var violations: [String] = []
        var checked: [String: String?] = [:]
        for (output, path) in zip(request.outputs, request.paths) {
            let id = output.presetID
            if checked[id] == nil { checked[id] = .some(try await problem(withPreset: id)) }
            guard case .some(.some(let problem)) = checked[id] else { continue }
            violations.append(
                "Value '\(id)' at '\(path).presetId' failed to satisfy constraint: "
                    + "Member must be a preset that the engine can make (\(problem))"
            )
        }
        guard violations.isEmpty else { throw APIError(violations: violations) }
    }

    /// Why the engine cannot make a preset; `nil` when it can.
    private func problem(withPreset id: String) async throws(APIError) -> String? {
        let preset = try await preset(id)
        do {
            try Preset(json: systemPresets[id]?.json ?? preset.data, named: id).checkAbilities()
            return nil
        } catch {
            return error.message
        }
    }

    /// Sends the job's message; a job that no worker can hear of is cancelled.
    private func queueJob(_ job: Job) async throws(APIError) {
        do throws(BackendError) {
            try await queue.send(JobEvent.message(forJob: job.id), delay: 0)
        } catch {
            // Left as it is, the job would wait for ever.
            if let canceled = try? await cancel(job.id) { await settle(canceled) }
            throw failure(error)
        }
    }

    /// The job as it was cancelled; `nil` when it is not Submitted any more.
    private func cancel(_ id: String) async throws(APIError) -> Job? {
        while true {
            let job = try await job(id)
            guard job.status == .submitted else { return nil }
            do throws(BackendError) {
                return try await store.replace(job.canceled(now: now(), reason: nil))
            } catch {
                guard error.code == .conflict else { throw failure(error) }
            }
        }
    }

    /// Writes the record of a cancelled job; what fails is done by the worker that gets the job's message.
    private func settle(_ job: Job) async {
        for output in job.outputs where job.attempt > 0 {
            // Where listing them is denied, the bucket's own rule for unfinished uploads removes them.
            _ = try? await objects.abortUploads(
                of: ObjectLocation(bucket: job.outputBucket, key: job.objectKey(of: output))
            )
        }
        do throws(BackendError) {
            try await RecordKeeper(store: store).keep(job)
            try await JobLedger(store: store, owner: "api", leaseSeconds: 60).settle(job)
        } catch {
            log.warning("job not settled", metadata: ["job": "\(job.id)", "reason": "\(error)"])
        }
    }
}
