internal import AWSBackend
internal import AWSSignature
internal import ElasticTranscoder
internal import Foundation
internal import HTTPService
internal import Jobs
internal import Logging
internal import Transcoding

/// Everything the service is made of, put together once.
struct ServeRoom: Sendable {
    let backends: Backends
    let accounts: Accounts
    let metrics = ServiceMetrics()
    let configuration: Configuration
    private let acceptsAnySignature: Bool

    init(
        _ configuration: Configuration,
        _ backends: Backends,
        allowsNameAsPassword: Bool,
        acceptsAnySignature: Bool
    ) {
        self.configuration = configuration
        self.backends = backends
        self.acceptsAnySignature = acceptsAnySignature
        var settings = Accounts.Settings()
        settings.allowsNameAsPassword = allowsNameAsPassword
        settings.users = configuration.service.users.mapValues(\.value)
        if let id = configuration.service.accessKeyID, let secret = configuration.service.secretAccessKey {
            settings.accessKeys = [Credentials(accessKeyID: id, secretAccessKey: secret.value)]
        }
        accounts = Accounts(store: backends.store, settings: settings)
    }

    func service(_ log: Logger) -> HTTPService {
        let forms = LocalUploadForms(store: backends.store)
        let context = context(forms, log)
        let sessions = Sessions(context, accounts: accounts, publicURL: site.publicURL)
        var routes: [any RouteGroup] = [
            HealthRoutes(context, accounts: accounts, metrics: metrics, access: metricsAccess),
            ElasticTranscoderRoutes(context.elasticTranscoder, verifier: verifier(context)),
            SiteRoutes(context, accounts: accounts, settings: site),
            SessionRoutes(sessions, accounts: accounts), DescriptionRoutes(),
            OperationsRoutes(
                context,
                sessions: sessions,
                leaseSeconds: configuration.worker.visibilityTimeout,
                log: log
            ),
        ]
        routes += page(context, forms, sessions, log)
        var settings = HTTPService.Settings()
        settings.host = configuration.service.listen.host
        settings.port = configuration.service.listen.port
        settings.maxConnections = min(configuration.service.connectionLimit, FileLimit.connections)
        return HTTPService(
            context,
            accounts: accounts,
            settings: settings,
            log: log,
            routes: routes,
            metrics: metrics
        )
    }

    private func context(_ forms: LocalUploadForms, _ log: Logger) -> ServiceContext {
        let queue = backends.queue ?? MissingQueue()
        var api = ElasticTranscoderAPI.Settings()
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].compactMap { configuration.awsEnvironment[$0] }
        if let region = region.first(where: { !$0.isEmpty }) { api.region = region }
        return ServiceContext(
            objects: backends.objects,
            queue: queue,
            store: backends.store,
            uploads: backends.client.map { S3UploadForms(client: $0) } ?? forms,
            elasticTranscoder: ElasticTranscoderAPI(
                store: backends.store,
                objects: backends.objects,
                queue: queue,
                presets: PresetLibrary.standard(folder: configuration.presetsFolder),
                settings: api,
                log: log
            ),
            pipelines: backends.pipelines
        )
    }

    private func verifier(_ context: ServiceContext) -> SignatureVerifier? {
        acceptsAnySignature
            ? nil
            : SignatureVerifier(accounts: accounts, service: "elastictranscoder", now: context.now)
    }

    var site: SiteSettings {
        SiteSettings(
            bucket: configuration.inputBucket,
            publicURL: configuration.service.publicURL,
            unguessableKeys: configuration.service.unguessableKeys,
            maximumUploadSize: configuration.service.uploadLimit
        )
    }

    private var metricsAccess: HealthRoutes.MetricsAccess {
        if let token = configuration.service.metricsToken { return .token(token.value) }
        return configuration.service.listen.isLoopback ? .everybody : .users
    }
}

/// Stands where no queue was configured: there is nothing in it, and nothing gets in.
private struct MissingQueue: JobQueue {
    private static let reason = BackendError(.unavailable, "there is no queue: RECAST_QUEUE_URL is not set")

    func send(_ body: String, delay: Double) async throws(BackendError) { throw Self.reason }
    func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage] { throw Self.reason }
    func extend(_ message: QueueMessage, visibility: Double) async throws(BackendError) { throw Self.reason }
    func delete(_ message: QueueMessage) async throws(BackendError) { throw Self.reason }
    func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) async throws(BackendError) {
        throw Self.reason
    }
    func deadLetters(limit: Int) async throws(BackendError) -> [DeadLetter] { [] }
    func redrive(limit: Int) async throws(BackendError) -> Int { 0 }
    func depth() async throws(BackendError) -> QueueDepth { QueueDepth(visible: 0, inFlight: 0, dead: 0) }
}
