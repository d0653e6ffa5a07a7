internal import Foundation
internal import Jobs

/// A page of jobs, newest first, of those that match.
struct JobListing: Sendable {
    struct Answer: Encodable, Sendable {
        let jobs: [JobView]
        @Nullable var next: String?
    }

    /// Jobs on a page, or a few more when most that were looked at did not match.
    private static let pageSize = 50
    /// Pages of the store looked at for one of ours.
    private static let scanLimit = 20

    var status: JobStatus?
    var pipeline: String?
    /// Part of a key or an id, in any case.
    var search: String?
    var page: String?

    func answer(_ store: any MetadataStore) async throws(BackendError) -> Answer {
        var found: [JobView] = []
        var after = page
        var scans = 0
        repeat {
            let page = try await store.jobs(filter, ascending: false, after: after, limit: Self.pageSize)
            found += page.items.filter(matches).map(JobView.init)
            after = page.next
            scans += 1
        } while after != nil && found.count < Self.pageSize && scans < Self.scanLimit
        return Answer(jobs: found, next: after)
    }

    /// The condition that the store can look up.
    private var filter: JobFilter {
        if let status { return .status(status) }
        if let pipeline { return .pipeline(pipeline) }
        return .all
    }

    private func matches(_ job: Job) -> Bool {
        if let status, job.status != status { return false }
        if let pipeline, job.pipelineID != pipeline { return false }
        guard let search, !search.isEmpty else { return true }
        let texts = [job.id, job.input.key] + job.outputs.map { job.objectKey(of: $0) }
        return texts.contains { $0.range(of: search, options: .caseInsensitive) != nil }
    }
}
