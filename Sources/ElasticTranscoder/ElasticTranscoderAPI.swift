package import Foundation
package import Jobs
package import Logging
package import Transcoding

/// Elastic Transcoder's API of 2012-09-25 over the stores of jobs, pipelines and presets.
package struct ElasticTranscoderAPI: Sendable {
    /// Names this service in ARNs.
    package struct Settings: Sendable {
        package var region = "us-east-1"
        /// 12 digits.
        package var account = "000000000000"

        package init() {}
    }

    /// Items on a page of a listing.
    static let pageSize = 50

    let store: any MetadataStore
    let objects: any ObjectStore
    let queue: any JobQueue
    let systemPresets: SystemPresets
    let settings: Settings
    let log: Logger
    let now: @Sendable () -> Date

    /// Reads the presets once.
    package init(
        store: any MetadataStore,
        objects: any ObjectStore,
        queue: any JobQueue,
        presets: PresetLibrary,
        settings: Settings = Settings(),
        log: Logger = Logger(label: "elastic-transcoder") { _ in SwiftLogNoOpLogHandler() },
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.objects = objects
        self.queue = queue
        systemPresets = SystemPresets(presets)
        self.settings = settings
        self.log = log
        self.now = now
    }

    /// Answers a request whose sender is known to be who they say.
    package func respond(to request: APIRequest) async -> APIResponse {
        do throws(APIError) {
            let call = try Router.call(request)
            let answer = try await answer(call.operation.name, try RequestReader.read(call, request))
            return APIResponse(status: call.operation.status, body: answer.data)
        } catch {
            return error.response
        }
    }

    private func answer(_ name: Operation.Name, _ input: JSONValue) async throws(APIError) -> JSONValue {
        switch name {
        case .createPipeline: try await createPipeline(input)
        case .updatePipeline: try await updatePipeline(input)
        case .updatePipelineNotifications: try await updatePipelineNotifications(input)
        case .updatePipelineStatus: try await updatePipelineStatus(input)
        case .readPipeline: try await readPipeline(input)
        case .listPipelines: try await listPipelines(input)
        case .deletePipeline: try await deletePipeline(input)
        case .testRole: try await testRole(input)
        case .createPreset: try await createPreset(input)
        case .readPreset: try await readPreset(input)
        case .listPresets: try await listPresets(input)
        case .deletePreset: try await deletePreset(input)
        case .createJob: try await createJob(input)
        case .readJob: try await readJob(input)
        case .cancelJob: try await cancelJob(input)
        case .listJobsByPipeline: try await listJobsByPipeline(input)
        case .listJobsByStatus: try await listJobsByStatus(input)
        }
    }

    // MARK: - What the operations share

    func arn(_ kind: StoredDocument.Kind, _ id: String) -> String { arn("\(kind.rawValue)/\(id)") }
    func arn(_ resource: String) -> String {
        "arn:aws:elastictranscoder:\(settings.region):\(settings.account):\(resource)"
    }

    func notFound(_ kind: StoredDocument.Kind, _ id: String) -> APIError {
        // The service's own text about presets had no full stop.
        let end = kind == .preset ? "" : "."
        return notFound(kind.rawValue, id, end)
    }

    func notFound(_ thing: String, _ id: String, _ end: String = ".") -> APIError {
        APIError(
            .notFound,
            "The specified \(thing) was not found: account=\(settings.account), \(thing)Id=\(id)\(end)"
        )
    }

    /// A new id, and what `make` stores under it; another one when it is taken.
    func withNewID<Stored>(
        _ make: (String) async throws(BackendError) -> Stored
    ) async throws(APIError) -> Stored {
        while true {
            var random = SystemRandomNumberGenerator()
            let id = JobID.make(now: now(), random: &random)
            do throws(BackendError) {
                return try await make(id)
            } catch {
                guard error.code == .conflict else { throw failure(error) }
            }
        }
    }

    /// Does something with a backend, whose errors are the service's.
    func attempt<Value>(_ work: () async throws(BackendError) -> Value) async throws(APIError) -> Value {
        do throws(BackendError) {
            return try await work()
        } catch {
            throw failure(error)
        }
    }

    /// What clients are told of a backend's error: nothing of its inside.
    func failure(_ error: BackendError) -> APIError {
        log.error("request failed", metadata: ["reason": "\(error)"])
        guard error.code == .throttled else {
            return APIError(.internalService, "The service has failed; try again later.")
        }
        return APIError(.throttling, "There are too many requests; try again later.")
    }

    func isAscending(_ input: JSONValue) -> Bool { input["Ascending"]?.text != "false" }

    /// A page of a listing as the API shows it.
    func page(_ name: String, _ items: [JSONValue], next: String?) -> JSONValue {
        .object([name: .array(items), "NextPageToken": JSONValue(optional: next)])
    }

    /// Whether any job that has not ended fits.
    func hasActiveJob(_ isMeant: (Job) -> Bool) async throws(APIError) -> Bool {
        for status in [JobStatus.submitted, .progressing] {
            var after: String?
            repeat {
                let page = try await attempt { () throws(BackendError) in
                    try await store.jobs(.status(status), ascending: true, after: after, limit: 100)
                }
                if page.items.contains(where: isMeant) { return true }
                after = page.next
            } while after != nil
        }
        return false
    }
}
