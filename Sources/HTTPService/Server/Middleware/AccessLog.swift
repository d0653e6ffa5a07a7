internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Synchronization

/// One line a request, when its answer is on its way; and its measurements.
struct AccessLog: RouterMiddleware {
    typealias Context = ServiceRequestContext

    let log: Logger
    let metrics: ServiceMetrics?

    func handle(
        _ request: Request,
        context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            // What is not HTTP is answered by the server itself.
            write(request, context, status: 400, byteCount: 0, start.duration(to: .now))
            throw error
        }
        let status = response.status.code
        let entry = { @Sendable (byteCount: Int) in
            write(request, context, status: status, byteCount: byteCount, start.duration(to: .now))
        }
        guard response.body.contentLength.map({ $0 > 1 << 16 }) ?? true else {
            entry(response.body.contentLength ?? 0)
            return response
        }
        // A long answer is over when its last byte is written, or when nobody takes it any more.
        let body = response.body
        let counter = ByteCounter()
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { entry(counter.count) }
            try await body.write(CountingWriter(parent: writer, counter: counter))
        }
        return response
    }

    private func write(
        _ request: Request,
        _ context: ServiceRequestContext,
        status: Int,
        byteCount: Int,
        _ duration: Duration
    ) {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        // How long somebody listens says nothing about the service.
        let isStream = context.endpointPath == OperationsRoutes.eventsPath
        if !isStream {
            metrics?.answered(route: context.endpointPath, request.method.rawValue, status, seconds: seconds)
        }
        var facts: Logger.Metadata = [
            "request": "\(context.requestID)", "method": "\(request.method.rawValue.prefix(32))",
            "path": "\(Self.shown(request.uri))", "status": "\(status)",
            "ms": "\((seconds * 10_000).rounded() / 10)", "bytes": "\(byteCount)",
        ]
        if let user = context.user { facts["user"] = "\(user)" }
        if let address = context.address { facts["client"] = "\(address)" }
        log.info("request", metadata: facts)
    }

    /// The path, and of the query only the names: values may be secrets, or who somebody is.
    static func shown(_ uri: URI) -> String {
        let names = (uri.query ?? "").split(separator: "&").map { $0.prefix { $0 != "=" } }
        let path = uri.path.prefix(512)
        return names.isEmpty ? String(path) : path + "?" + names.joined(separator: "&").prefix(256)
    }
}

private final class ByteCounter: Sendable {
    private let total = Mutex(0)
    var count: Int { total.withLock { $0 } }
    func add(_ bytes: Int) { total.withLock { $0 &+= bytes } }
}

private struct CountingWriter: ResponseBodyWriter {
    var parent: any ResponseBodyWriter
    let counter: ByteCounter

    mutating func write(_ buffer: ByteBuffer) async throws {
        let count = buffer.readableBytes
        try await parent.write(buffer)
        counter.add(count)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await parent.finish(trailingHeaders)
    }
}
