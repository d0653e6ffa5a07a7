internal import Foundation
package import Jobs

/// Jobs, documents and video records in two DynamoDB tables.
///
/// The site's own table, one item a video: partition key `ProjectStep`, sort key `Mail`. Transcoding adds
/// attributes to it and leaves all others alone.
///
/// Our table, keys `pk` and `sk`:
///
///     pk                  sk           further attributes
///     job#<id>            <id>         kind (always "job"), pipeline, status, revision, body, stamp
///     identity#<SHA-256>  identity     job
///     pipeline            <id>         revision, body, stamp
///     preset              <id>         revision, body, stamp
///     notification        <id>         revision, body, stamp
///
/// `body` is the value as JSON. Each job has a partition of its own, so that no number of workers makes a
/// partition hot; documents are few, and one partition a kind lists them in the order of their ids.
///
/// Jobs are listed through three indexes with `sk`, the id, as sort key and `kind` (`jobs`), `pipeline`
/// (`jobs-by-pipeline`) or `status` (`jobs-by-status`) as partition key. They hold keys only: a change of a
/// job is not written to an index unless it changes its status. They trail the table by moments, so the jobs
/// they name are read from the table, and those that no longer belong into the listing are left out. Nothing
/// else reads an index.
///
/// Every write carries a random `stamp`. When a write was carried out but its answer was lost, the client
/// sends it again and the condition fails; the stamp then shows that the item is our own.
package struct DynamoDBMetadataStore: MetadataStore {
    let client: DynamoDBClient
    let table: String
    let responses: String
    let mailIndex = MailIndex()

    /// Makes a store out of the tables named, which `AWSSetup` makes.
    package init(client: AWSClient, table: String = "recast", responses: String = "responses") {
        self.init(
            client: DynamoDBClient(service: JSONService(client: client, service: .dynamodb)),
            table: table,
            responses: responses
        )
    }

    init(client: DynamoDBClient, table: String, responses: String) {
        self.client = client
        self.table = table
        self.responses = responses
    }

    // MARK: Jobs

    package func insert(_ job: Job) async throws(BackendError) -> Job {
        var job = job
        job.revision = 1
        let stamp = Self.newStamp()
        let put = absentPut(try JobItem.item(for: job, stamp: stamp))
        guard let identity = job.identity else {
            if try await client.put(put) { return job }
            guard try await isStored(JobItem.jobKey(job.id), stamp) else { throw Self.taken(job) }
            return job
        }
        let identityPut = absentPut(JobItem.identityItem(identity, jobID: job.id))
        guard let held = try await client.transact([identityPut, put]) else { return job }
        if held.first == false { return try await self.job(ofIdentity: identity) }
        throw Self.taken(job)
    }

    package func job(_ id: String) async throws(BackendError) -> Job? {
        guard JobItem.isKey(id), let item = try await client.get(JobItem.jobKey(id), table: table)
        else { return nil }
        return try JobItem.job(from: item)
    }

    package func replace(_ job: Job) async throws(BackendError) -> Job {
        var next = job
        next.revision = try Self.revision(after: job.revision, "job \(job.id)")
        let stamp = Self.newStamp()
        let item = try JobItem.item(for: next, stamp: stamp)
        try await replace(item, JobItem.jobKey(job.id), job.revision, stamp, "job \(job.id)")
        return next
    }

    package func jobs(
        _ filter: JobFilter,
        ascending: Bool,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<Job> {
        let (index, attribute, value) = Self.index(for: filter)
        guard (1...JobItem.maximumPartitionKeyBytes).contains(value.utf8.count) else {
            return Page(items: [], next: nil)
        }
        var request = DynamoDBRequest(table: table)
        request.index = index
        let limit = min(max(limit, 1), 100)
        let (keys, hasMore) = try await list(
            request,
            (attribute, value),
            ascending: ascending,
            after: after,
            limit: limit
        )
        let ids = keys.compactMap { $0[JobItem.sort]?.text }
        let items = try await client.batchGet(ids.map(JobItem.jobKey), table: table)
        var found: [String: Job] = [:]
        for item in items {
            let job = try JobItem.job(from: item)
            if Self.matches(filter, job) { found[job.id] = job }
        }
        return Page(items: ids.compactMap { found[$0] }, next: hasMore ? ids.last : nil)
    }

    private func job(ofIdentity identity: String) async throws(BackendError) -> Job {
        let item = try await client.get(JobItem.identityKey(identity), table: table)
        guard let id = item?[JobItem.job]?.text, let job = try await self.job(id) else {
            throw BackendError(.unavailable, "an identity in the table \(table) has lost its job")
        }
        return job
    }

    private static func index(
        for filter: JobFilter
    ) -> (index: String, attribute: String, value: String) {
        switch filter {
        case .all: (JobItem.allIndex, JobItem.kind, "job")
        case .pipeline(let id): (JobItem.pipelineIndex, JobItem.pipeline, id)
        case .status(let status): (JobItem.statusIndex, JobItem.status, status.rawValue)
        }
    }

    private static func matches(_ filter: JobFilter, _ job: Job) -> Bool {
        switch filter {
        case .all: true
        case .pipeline(let id): job.pipelineID == id
        case .status(let status): job.status == status
        }
    }

    private static func taken(_ job: Job) -> BackendError {
        BackendError(.conflict, "there is a job \(job.id) already")
    }
}
