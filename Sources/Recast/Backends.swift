internal import AWSBackend
internal import Foundation
internal import HTTPTransport
internal import Jobs
internal import LocalBackend
internal import Logging

/// Objects, queue, tables and topics, as the configuration chooses them.
struct Backends: Sendable {
    let objects: any ObjectStore
    let queue: (any JobQueue)?
    let store: any MetadataStore
    let notifier: any Notifier
    /// Notices files dropped into a bucket's folder; the local backend's alone.
    let watch: FolderWatch?
    /// What AWS is asked through; `nil` on the local backend.
    let client: AWSClient?
    let pipelines: [Pipeline]

    static func open(_ configuration: Configuration, _ log: Logger) async throws(BackendError) -> Backends {
        switch configuration.backend {
        case .local: try await local(configuration, log)
        case .aws: try aws(configuration, log)
        }
    }

    /// Opens what is there, for commands that only look: they make no data folder where there is none.
    static func openExisting(
        _ configuration: Configuration,
        _ log: Logger
    ) async throws(BackendError) -> Backends {
        let folder = DataFolder(URL(fileURLWithPath: configuration.dataFolder, isDirectory: true))
        if configuration.backend == .local, !FileManager.default.fileExists(atPath: folder.database.path) {
            throw BackendError(
                .notFound,
                "there is no data folder \(configuration.dataFolder) yet; --data names another one"
            )
        }
        return try await open(configuration, log)
    }

    /// The topic of local pipelines that name none: everything is in the log of notifications.
    private static let localTopic = "log"

    private static func local(
        _ configuration: Configuration,
        _ log: Logger
    ) async throws(BackendError) -> Backends {
        let folder = DataFolder(URL(fileURLWithPath: configuration.dataFolder, isDirectory: true))
        let objects = FolderObjectStore(folder)
        let database = try await LocalDatabase.open(folder)
        try await objects.removeAbandoned()
        var pipelines = configuration.pipelines
        for index in pipelines.indices {
            pipelines[index].topics = pipelines[index].topics.filled(with: localTopic)
            try await objects.makeBucket(pipelines[index].inputBucket)
            try await objects.makeBucket(pipelines[index].effectiveOutputBucket)
        }
        let http = HTTPClient()
        let watched = pipelines.filter(\.takesEvents).map { pipeline in
            WatchedFolder(
                bucket: pipeline.inputBucket,
                prefix: pipeline.inputPrefix,
                excludedPrefixes: pipelines.compactMap { outputPrefix($0, in: pipeline.inputBucket) }
            )
        }
        return Backends(
            objects: objects,
            queue: SQLiteJobQueue(database),
            store: SQLiteMetadataStore(database),
            notifier: LocalNotifier(database, settings: webhook(configuration)) {
                request throws(HTTPFailure) in try await http.send(request)
            },
            watch: FolderWatch(watched, store: objects, database: database, log: log),
            client: nil,
            pipelines: pipelines
        )
    }

    private static func outputPrefix(_ pipeline: Pipeline, in bucket: String) -> String? {
        guard pipeline.effectiveOutputBucket == bucket,
            let prefix = (try? KeyTemplate(pipeline.keyTemplate))?.literalPrefix, !prefix.isEmpty
        else { return nil }
        return prefix
    }

    private static func aws(_ configuration: Configuration, _ log: Logger) throws(BackendError) -> Backends {
        let client = try client(configuration, log)
        let http = HTTPClient()
        var queue: (any JobQueue)?
        if let url = configuration.queueURL {
            queue = try SQSJobQueue(client: client, url: url, deadLetterURL: configuration.deadLetterQueueURL)
        }
        return Backends(
            objects: S3ObjectStore(client: client),
            queue: queue,
            store: DynamoDBMetadataStore(
                client: client,
                table: configuration.table,
                responses: configuration.responsesTable
            ),
            notifier: TopicNotifier(
                topics: SNSNotifier(client: client),
                webhooks: WebhookNotifier(settings: webhook(configuration)) { request throws(HTTPFailure) in
                    try await http.send(request)
                }
            ),
            watch: nil,
            client: client,
            pipelines: configuration.pipelines
        )
    }

    /// A client for AWS with the credentials of the environment.
    static func client(_ configuration: Configuration, _ log: Logger) throws(BackendError) -> AWSClient {
        AWSClient(
            configuration: try AWSConfiguration(environment: configuration.awsEnvironment),
            credentials: CredentialChain(environment: configuration.awsEnvironment, log: log),
            log: log
        )
    }

    private static func webhook(_ configuration: Configuration) -> WebhookSettings {
        WebhookSettings(
            secret: configuration.webhook.secret?.value,
            allowsPrivateAddresses: configuration.webhook.allowsPrivateAddresses
        )
    }
}

extension Pipeline.Topics {
    /// The same, with a topic wherever there is none.
    fileprivate func filled(with topic: String) -> Pipeline.Topics {
        func either(_ own: String) -> String { own.isEmpty ? topic : own }
        return Pipeline.Topics(
            progressing: either(progressing),
            completed: either(completed),
            warning: either(warning),
            error: either(error)
        )
    }
}

/// Sends to web addresses by HTTP, and to all other topics by SNS.
private struct TopicNotifier: Notifier {
    let topics: SNSNotifier
    let webhooks: WebhookNotifier

    func send(_ notification: Jobs.Notification) async throws(BackendError) {
        if WebhookNotifier.takes(notification.topic) {
            try await webhooks.send(notification)
        } else {
            try await topics.send(notification)
        }
    }
}
