import AWSSignature
import ElasticTranscoder
import Foundation
import HTTPService
import HTTPTransport
import Hashing
import Hummingbird
import Jobs
import Logging
import ServiceLifecycle
import Synchronization
import TestBackends
import TestMedia
import Transcoding

/// The service on a free port, over stores in memory.
struct RunningService: Sendable {
    let port: Int
    let context: ServiceContext
    let accounts: Accounts
    let log: CapturedLog
    let client = HTTPClient()
    private let stop: @Sendable () async -> Void

    var origin: String { "http://127.0.0.1:\(port)" }

    func send(
        _ method: String = "GET",
        _ path: String,
        headers: [(name: String, value: String)] = [],
        body: Data = Data()
    ) async throws -> HTTPTransport.HTTPResponse {
        var request = HTTPTransport.HTTPRequest(
            method: method,
            url: origin + path,
            headers: headers,
            body: body
        )
        request.usesProxy = false
        request.timeout = 120
        return try await client.send(request)
    }

    /// Asks the service to stop, and returns when it has.
    func shutDown() async { await stop() }

    /// Runs a service for as long as `body` takes.
    static func run(
        settings: HTTPService.Settings = HTTPService.Settings(),
        accounts accountSettings: Accounts.Settings = .quick,
        context: ServiceContext = .inMemory(),
        metrics: ServiceMetrics? = nil,
        routes: (ServiceContext, Accounts) -> [any RouteGroup] = { _, _ in [ProbeRoutes()] },
        _ body: (RunningService) async throws -> Void
    ) async throws {
        var settings = settings
        settings.port = 0
        let log = CapturedLog()
        let accounts = Accounts(store: context.store, settings: accountSettings)
        let service = HTTPService(
            context,
            accounts: accounts,
            settings: settings,
            log: Logger(label: "test") { _ in log },
            routes: routes(context, accounts),
            metrics: metrics
        )
        let (ports, heard) = AsyncStream.makeStream(of: Int.self)
        let application = service.application { heard.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [application], logger: Logger(label: "test") { _ in log })
        )
        let running = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else { throw TestFailure(what: "it did not start") }
        let outcome: Result<Void, any Error>
        do {
            try await body(
                RunningService(port: port, context: context, accounts: accounts, log: log) {
                    await group.triggerGracefulShutdown()
                    _ = await running.result
                }
            )
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await group.triggerGracefulShutdown()
        _ = await running.result
        try outcome.get()
    }

    private init(
        port: Int,
        context: ServiceContext,
        accounts: Accounts,
        log: CapturedLog,
        stop: @escaping @Sendable () async -> Void
    ) {
        self.port = port
        self.context = context
        self.accounts = accounts
        self.log = log
        self.stop = stop
    }
}

extension Accounts.Settings {
    /// Hashes that cost next to nothing.
    static var quick: Self {
        var settings = Self()
        settings.hashing = KeyDerivation(logRounds: 1, blockSize: 1, parallelism: 1) ?? .standard
        return settings
    }
}

extension ServiceContext {
    static func inMemory(
        buckets: [String] = ["media"],
        now: @escaping @Sendable () -> Date = { Date() }
    ) -> ServiceContext {
        let backend = InMemoryBackend(buckets: buckets, now: now)
        return ServiceContext(
            objects: backend.objects,
            queue: backend.queue,
            store: backend.metadata,
            uploads: NoForms(),
            elasticTranscoder: ElasticTranscoderAPI(
                store: backend.metadata,
                objects: backend.objects,
                queue: backend.queue,
                presets: PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
            ),
            pipelines: [Pipeline(id: "default", name: "Default", inputBucket: "media")],
            now: now
        )
    }
}

private struct NoForms: UploadForms {
    func form(
        for policy: PostPolicy,
        origin: String
    ) async throws(BackendError) -> (url: String, fields: [(name: String, value: String)]) {
        throw BackendError(.unavailable, "there are no forms")
    }
}

/// Routes that show what is common to all.
struct ProbeRoutes: RouteGroup {
    let uploadPaths: [RouterPath] = ["upload"]
    /// What a request to `/slow` waits for.
    var wait: @Sendable () async -> Void = {}

    func add(to router: Router<ServiceRequestContext>) {
        router.get("probe") { _, _ in "probe" }
        router.get("things/:id") { _, context in try context.parameters.require("id") }
        router.post("echo") { request, context in
            let body = try await request.body.collect(upTo: context.maxUploadSize)
            return "\(body.readableBytes)"
        }
        router.post("upload") { request, _ in
            var count = 0
            for try await buffer in request.body { count += buffer.readableBytes }
            return "\(count)"
        }
        router.get("fails") { _, _ -> String in throw TestFailure(what: "secret insides") }
        router.get("busy") { _, _ -> String in throw BackendError(.throttled, "slow down", retryAfter: 3) }
        router.get("slow") { _, _ in
            await wait()
            return "slow"
        }
        router.get("long") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for _ in 0..<64 { try await writer.write(ByteBuffer(repeating: 65, count: 1 << 16)) }
                    try await writer.finish(nil)
                }
            )
        }
    }
}

/// What was logged.
final class CapturedLog: LogHandler {
    private let entries = Mutex<[[String: String]]>([])

    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        var fields = (event.metadata ?? [:]).mapValues { "\($0)" }
        fields["message"] = "\(event.message)"
        fields["level"] = event.level.rawValue
        entries.withLock { $0.append(fields) }
    }

    var lines: [[String: String]] { entries.withLock { $0 } }
    func requests(to path: String) -> [[String: String]] {
        lines.filter { $0["message"] == "request" && $0["path"]?.hasPrefix(path) == true }
    }
}

/// Bytes sent and received as they are.
struct RawConnection: Sendable {
    let received: String
    /// From the connection's beginning to its end.
    let seconds: Double

    /// Sends `pieces`, `pause` seconds apart, and returns when the other side ends the connection.
    ///
    /// `nil` stands for one that is still open after `limit` seconds.
    static func exchange(
        port: Int,
        _ pieces: [String],
        pause: Double = 0,
        limit: Double = 120
    ) async -> RawConnection? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let start = Date()
                let received = exchangeNow(port, pieces, pause, limit)
                // Measured here, for other tests may keep whoever waits from going on.
                let seconds = Date().timeIntervalSince(start)
                continuation.resume(
                    returning: received.map { RawConnection(received: $0, seconds: seconds) }
                )
            }
        }
    }

    private static func exchangeNow(
        _ port: Int,
        _ pieces: [String],
        _ pause: Double,
        _ limit: Double
    ) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
        }
        guard isConnected else { return "" }
        let deadline = Date(timeIntervalSinceNow: limit)
        var received = Data()
        for piece in pieces {
            let bytes = Array(piece.utf8)
            if send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 { break }
            if pause > 0, receive(descriptor, &received, until: Date(timeIntervalSinceNow: pause)) {
                return String(decoding: received, as: UTF8.self)
            }
        }
        return receive(descriptor, &received, until: deadline)
            ? String(decoding: received, as: UTF8.self) : nil
    }

    /// Whether the other side ended the connection.
    private static func receive(_ descriptor: Int32, _ data: inout Data, until deadline: Date) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let left = deadline.timeIntervalSinceNow
            guard left > 0 else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(left * 1000) + 1) > 0 else { return false }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return true }
            data.append(contentsOf: buffer[..<count])
        }
    }
}

struct TestFailure: Error {
    let what: String
}

extension Tool {
    /// Runs the program while this task waits without keeping a thread, which the service may need.
    func runAside(_ arguments: [String]) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Swift.Result { try run(arguments) })
            }
        }
    }
}
