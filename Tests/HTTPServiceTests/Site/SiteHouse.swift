import ElasticTranscoder
import Foundation
import HTTPService
import HTTPTransport
import Hummingbird
import Jobs
import Logging
import Synchronization
import TestBackends
import Transcoding

/// The service with the site's routes on a free port, on stores in memory.
struct SiteHouse: Sendable {
    static let bucket = "media"

    let backend: InMemoryBackend
    let context: ServiceContext
    let forms: LocalUploadForms
    let address: String
    /// Uploads that were announced.
    let announced: Announcements
    private let client = HTTPClient()

    final class Announcements: Sendable {
        private let found = Mutex<[String]>([])
        var all: [String] { found.withLock { $0 } }
        func add(_ location: ObjectLocation) { found.withLock { $0.append("\(location)") } }
    }

    /// Runs the service while `body` does.
    static func open(
        settings: SiteSettings = SiteSettings(bucket: bucket),
        store: (@Sendable (InMemoryMetadataStore) -> any MetadataStore)? = nil,
        objects: (@Sendable (InMemoryObjectStore) -> any ObjectStore)? = nil,
        now: @escaping @Sendable () -> Date = { Date() },
        _ body: @Sendable (SiteHouse) async throws -> Void
    ) async throws {
        let backend = InMemoryBackend(buckets: [bucket])
        let metadata = store?(backend.metadata) ?? backend.metadata
        let forms = LocalUploadForms(store: metadata, now: now)
        let context = ServiceContext(
            objects: objects?(backend.objects) ?? backend.objects,
            queue: backend.queue,
            store: metadata,
            uploads: forms,
            elasticTranscoder: ElasticTranscoderAPI(
                store: metadata,
                objects: backend.objects,
                queue: backend.queue,
                presets: PresetLibrary(folders: [])
            ),
            pipelines: [Pipeline(id: "p", name: "p", inputBucket: bucket, keyTemplate: "output/{key}")],
            now: now
        )
        let accounts = Accounts(store: backend.metadata, settings: .quick)
        try await accounts.addUser(name: "edu", password: "geheim:ñ")
        let announced = Announcements()
        var server = HTTPService.Settings()
        server.port = 0
        let service = HTTPService(
            context,
            accounts: accounts,
            settings: server,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            routes: [
                SiteRoutes(context, accounts: accounts, settings: settings),
                PageRoutes(uploadOrigin: "https://media.example.com:8443/folder"),
                UploadFormRoutes(
                    context,
                    settings: settings,
                    sessions: Sessions(context, accounts: accounts)
                ),
                UploadRoutes(context, forms: forms, buckets: [bucket]) { announced.add($0) },
            ]
        )
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let application = service.application { found.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var port: Int?
            for await bound in ports {
                port = bound
                break
            }
            let house = SiteHouse(
                backend: backend,
                context: context,
                forms: forms,
                address: "http://127.0.0.1:\(port ?? 0)",
                announced: announced
            )
            defer { group.cancelAll() }
            try await body(house)
        }
    }

    /// Asks for a path, signed in as `user` when one is given as `name:password`.
    func get(
        _ path: String,
        user: String? = nil,
        method: String = "GET",
        headers: [(name: String, value: String)] = [],
        body: String = ""
    ) async throws -> Answer {
        var request = HTTPTransport.HTTPRequest(
            method: method,
            url: address + path,
            headers: headers,
            body: Data(body.utf8)
        )
        if let user {
            request.headers.append(("Authorization", "Basic \(Data(user.utf8).base64EncodedString())"))
        }
        let answer = try await client.send(request)
        return Answer(status: answer.status, headers: answer.headers, body: answer.body)
    }
}

/// What the service answered.
struct Answer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> Any { try JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed) }
}
