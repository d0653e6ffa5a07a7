internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Jobs
package import Logging

/// The page's API: jobs, their files and events, cancelling and retrying.
package struct OperationsRoutes: RouteGroup {
    static let eventsPath = "/api/events"

    private let context: ServiceContext
    private let sessions: Sessions
    private let ledger: JobLedger
    private let hub: EventHub

    /// `leaseSeconds` are those of the workers.
    package init(_ context: ServiceContext, sessions: Sessions, leaseSeconds: Double, log: Logger) {
        self.context = context
        self.sessions = sessions
        ledger = JobLedger(store: context.store, owner: "api", leaseSeconds: leaseSeconds, now: context.now)
        hub = EventHub(store: context.store, log: log)
    }

    package func add(to router: Router<ServiceRequestContext>) {
        get(router, "api/jobs") { request, _ in try await list(request) }
        get(router, "api/jobs/{id}") { _, context in Response.json(JobView(try await job(context))) }
        get(router, "api/jobs/{id}/input") { request, context in
            let input = try await job(context).input
            return try await send(ObjectLocation(bucket: input.bucket, key: input.key), request)
        }
        get(router, "api/jobs/{id}/outputs/{output}") { request, context in
            let job = try await job(context)
            guard let output = job.outputs.first(where: { $0.id == context.parameters.get("output") }),
                output.status == .complete
            else { return .failure(.notFound, "There is no such output") }
            let location = ObjectLocation(bucket: job.outputBucket, key: job.objectKey(of: output))
            return try await send(location, request)
        }
        get(router, "api/events") { _, _ in await events() }
        post(router, "api/jobs/{id}/cancel") { context in try await cancel(context) }
        post(router, "api/jobs/{id}/retry") { context in try await retry(context) }
    }

    // MARK: - Who may

    private func get(
        _ router: Router<ServiceRequestContext>,
        _ path: RouterPath,
        _ answer: @escaping @Sendable (Request, ServiceRequestContext) async throws -> Response
    ) {
        router.get(path) { request, context in
            guard try await sessions.user(request, context) != nil else {
                return Sessions.unauthorized(request)
            }
            return try await answer(request, context)
        }
    }

    private func post(
        _ router: Router<ServiceRequestContext>,
        _ path: RouterPath,
        _ answer: @escaping @Sendable (ServiceRequestContext) async throws -> Response
    ) {
        router.post(path) { request, context in
            guard try await sessions.user(request, context) != nil else {
                return Sessions.unauthorized(request)
            }
            if let refusal = sessions.refusal(ofChange: request) { return refusal }
            return try await answer(context)
        }
    }

    // MARK: - Jobs

    private func list(_ request: Request) async throws -> Response {
        guard let query = JobQuery(request.uri.query ?? "") else {
            return .failure(.badRequest, "The query is not properly encoded")
        }
        var listing = JobListing()
        if let status = query["status"], !status.isEmpty {
            guard let known = JobStatus(rawValue: status) else {
                return .failure(.badRequest, "There is no such status")
            }
            listing.status = known
        }
        listing.pipeline = query["pipeline"].flatMap { $0.isEmpty ? nil : $0 }
        listing.search = query["search"]
        listing.page = query["page"].flatMap { $0.isEmpty ? nil : $0 }
        guard [listing.pipeline, listing.search, listing.page].allSatisfy({ ($0 ?? "").utf8.count <= 1024 })
        else { return .failure(.badRequest, "A value of the query is too long") }
        return Response.json(try await listing.answer(context.store))
    }

    private func job(_ context: ServiceRequestContext) async throws(BackendError) -> Job {
        let id = context.parameters.get("id") ?? ""
        guard JobID.isValid(id), let job = try await self.context.store.job(id) else {
            throw BackendError(.notFound, "There is no such job")
        }
        return job
    }

    private func cancel(_ context: ServiceRequestContext) async throws(BackendError) -> Response {
        let job = try await ledger.cancel(try await job(context).id)
        // A worker writes the record of one that is over already, and tells everybody.
        if job.status.isTerminal { try await queue(job.id) }
        return Response.json(JobView(job), status: .accepted)
    }

    private func retry(_ context: ServiceRequestContext) async throws(BackendError) -> Response {
        let job = try await ledger.retry(try await job(context).id)
        try await queue(job.id)
        return Response.json(JobView(job), status: .accepted)
    }

    /// Sends a job's message: the job waits for ever without it, so once is not enough.
    private func queue(_ id: String) async throws(BackendError) {
        for _ in 0..<2 {
            do throws(BackendError) {
                return try await context.queue.send(JobEvent.message(forJob: id), delay: 0)
            } catch {
                guard error.isRetryable else { throw error }
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        try await context.queue.send(JobEvent.message(forJob: id), delay: 0)
    }

    private func send(_ location: ObjectLocation, _ request: Request) async throws -> Response {
        do throws(BackendError) {
            return try await ObjectAnswer(objects: context.objects, location: location).answer(to: request)
        } catch {
            guard error.code == .notFound else { throw error }
            return .failure(.notFound, "The file is not there any more")
        }
    }

    // MARK: - Events

    private func events() async -> Response {
        let hub = hub
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                // Only now, for a HEAD request listens to nothing.
                guard let listener = await hub.join() else { return try await writer.finish(nil) }
                do {
                    try await EventStream.write(listener.stream, to: &writer, end: listener.end)
                    await hub.leave(listener.id)
                } catch {
                    await hub.leave(listener.id)
                    throw error
                }
                try await writer.finish(nil)
            }
        )
    }
}
