internal import Foundation
internal import Jobs

/// The operations on pipelines.
extension ElasticTranscoderAPI {
    func createPipeline(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let draft = try PipelineRequest.pipeline(input)
        let pipeline = try await withNewID { id throws(BackendError) in
            var pipeline = draft
            pipeline.id = id
            _ = try await store.insert(
                StoredDocument(kind: .pipeline, id: id, body: try Self.body(of: pipeline))
            )
            return pipeline
        }
        return .object(["Pipeline": answer(pipeline), "Warnings": .array([])])
    }

    func readPipeline(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let pipeline = try await pipeline(input["Id"]?.text ?? "")
        return .object(["Pipeline": answer(pipeline), "Warnings": .array([])])
    }

    func listPipelines(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let page = try await attempt { () throws(BackendError) in
            try await store.documents(
                .pipeline,
                ascending: isAscending(input),
                after: input["PageToken"]?.text,
                limit: Self.pageSize
            )
        }
        return self.page("Pipelines", page.items.compactMap(pipeline).map(answer), next: page.next)
    }

    func updatePipeline(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let pipeline = try await change(input) { pipeline throws(APIError) in
            try PipelineRequest.change(&pipeline, input)
        }
        return .object(["Pipeline": answer(pipeline), "Warnings": .array([])])
    }

    func updatePipelineNotifications(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let topics = PipelineRequest.topics(input["Notifications"] ?? .null)
        let pipeline = try await change(input) { pipeline throws(APIError) in pipeline.topics = topics }
        return .object(["Pipeline": answer(pipeline)])
    }

    func updatePipelineStatus(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let isPaused = input["Status"]?.text == "Paused"
        let pipeline = try await change(input) { pipeline throws(APIError) in pipeline.isPaused = isPaused }
        if !isPaused { try await queueJobs(of: pipeline) }
        return .object(["Pipeline": answer(pipeline)])
    }

    func deletePipeline(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let id = try await pipeline(input["Id"]?.text ?? "").id
        guard try await !hasActiveJob({ $0.pipelineID == id }) else {
            throw APIError(
                .inUse,
                "The pipeline has jobs that have not ended: account=\(settings.account), pipelineId=\(id)."
            )
        }
        try await attempt { () throws(BackendError) in try await store.deleteDocument(.pipeline, id) }
        return .object([:])
    }

    /// Says which buckets are not there; roles and topics are nobody's here.
    func testRole(_ input: JSONValue) async throws(APIError) -> JSONValue {
        try PipelineRequest.checkRole(input)
        let role = input["Role"]?.text ?? ""
        var messages: [String] = []
        for name in ["InputBucket", "OutputBucket"] {
            let bucket = input[name]?.text ?? ""
            let isThere = try await attempt { () throws(BackendError) in try await mayUse(bucket) }
            let message = "The role \(role) does not have access to the bucket: \(bucket)"
            if !isThere, !messages.contains(message) { messages.append(message) }
        }
        return .object([
            "Success": .string(messages.isEmpty ? "true" : "false"),
            "Messages": .array(messages.map(JSONValue.string)),
        ])
    }

    /// Whether a bucket is there, has a name that buckets can have, and may be used.
    private func mayUse(_ bucket: String) async throws(BackendError) -> Bool {
        do throws(BackendError) {
            return try await objects.hasBucket(bucket)
        } catch {
            guard !error.isRetryable else { throw error }
            return false
        }
    }

    // MARK: - Stored pipelines

    /// - Throws: `notFound` when no client has made it.
    func pipeline(_ id: String) async throws(APIError) -> Pipeline {
        let document = try await attempt { () throws(BackendError) in
            try await store.document(.pipeline, id)
        }
        guard let document else { throw notFound(.pipeline, id) }
        guard let pipeline = pipeline(document) else {
            throw failure(BackendError(.invalid, "the document of pipeline \(id) cannot be read"))
        }
        return pipeline
    }

    private func pipeline(_ document: StoredDocument) -> Pipeline? {
        try? JSONDecoder().decode(Pipeline.self, from: document.body)
    }

    private static func body(of pipeline: Pipeline) throws(BackendError) -> Data {
        do { return try JSONEncoder().encode(pipeline) } catch {
            throw BackendError(.invalid, "pipeline \(pipeline.id) cannot be written")
        }
    }

    /// Changes a stored pipeline; somebody else's change in between is kept.
    private func change(
        _ input: JSONValue,
        _ change: (inout Pipeline) throws(APIError) -> Void
    ) async throws(APIError) -> Pipeline {
        let id = input["Id"]?.text ?? ""
        while true {
            let found = try await attempt { () throws(BackendError) in
                try await store.document(.pipeline, id)
            }
            guard var document = found else { throw notFound(.pipeline, id) }
            guard var pipeline = pipeline(document) else {
                throw failure(BackendError(.invalid, "the document of pipeline \(id) cannot be read"))
            }
            try change(&pipeline)
            do throws(BackendError) {
                document.body = try Self.body(of: pipeline)
                _ = try await store.replace(document)
                return pipeline
            } catch {
                guard error.code == .conflict else { throw failure(error) }
            }
        }
    }

    /// Sends the message of every job that waits: while a pipeline is paused, workers hide them for long.
    private func queueJobs(of pipeline: Pipeline) async throws(APIError) {
        var after: String?
        repeat {
            let page = try await attempt { () throws(BackendError) in
                try await store.jobs(.status(.submitted), ascending: true, after: after, limit: 100)
            }
            for job in page.items where job.pipelineID == pipeline.id {
                try await attempt { () throws(BackendError) in
                    try await queue.send(JobEvent.message(forJob: job.id), delay: 0)
                }
            }
            after = page.next
        } while after != nil
    }
}
