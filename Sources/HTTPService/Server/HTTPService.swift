internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore

/// The HTTP service: all routes behind one address.
package struct HTTPService: Sendable {
    package struct Settings: Sendable {
        package var host = "127.0.0.1"
        /// 0 takes any free one.
        package var port = 8080
        /// Connections at the same time; more wait until one is free.
        package var maxConnections = 1024
        /// Seconds a connection may be open without a request.
        package var idleSeconds: Int64 = 60
        /// Seconds a new connection has to send its first request's head.
        package var headSeconds: Int64 = 10
        /// Seconds a body or an answer may be too slow.
        package var patienceSeconds: Int64 = 60
        /// Bytes of all the headers of a request, and of its first line.
        package var maxHeaderBytes = 16 << 10

        package init() {}
    }

    private let context: ServiceContext
    private let accounts: Accounts
    private let settings: Settings
    private let log: Logger
    private let routes: [any RouteGroup]
    private let metrics: ServiceMetrics?

    /// The service with `routes`.
    package init(
        _ context: ServiceContext,
        accounts: Accounts,
        settings: Settings,
        log: Logger,
        routes: [any RouteGroup],
        metrics: ServiceMetrics? = nil
    ) {
        self.context = context
        self.accounts = accounts
        self.settings = settings
        self.log = log
        self.routes = routes
        self.metrics = metrics
    }

    /// The service as an application; `onListening` hears of the port when it is bound.
    package func application(
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: router(),
            server: .http1(configuration: connections),
            configuration: .init(
                address: .hostname(settings.host, port: settings.port),
                backlog: 1024,
                availableConnectionsDelegate: .maximum(settings.maxConnections, logger: quietLog)
            ),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: quietLog
        )
    }

    /// All routes behind all that is common to them.
    package func router() -> Router<ServiceRequestContext> {
        let router = Router(context: ServiceRequestContext.self, options: [.autoGenerateHeadEndpoints])
        let table = RouteTable(uploads: routes.flatMap(\.uploadPaths))
        router.add(middleware: AccessLog(log: log, metrics: metrics))
        router.add(middleware: RequestNames())
        router.add(middleware: ErrorShape(table: table))
        router.add(middleware: BodyLimit(table: table))
        for group in routes { group.add(to: router) }
        table.fill(from: router)
        return router
    }

    private var connections: HTTP1Channel.Configuration {
        let limits = ConnectionGuard.Limits(
            firstHead: .seconds(settings.headSeconds),
            patience: .seconds(settings.patienceSeconds)
        )
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits)],
            idleTimeout: .seconds(settings.idleSeconds),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: settings.maxHeaderBytes,
                maxHeaderListSize: settings.maxHeaderBytes,
                maxHeaderFieldCount: 100
            )
        )
    }

    /// The server's own lines say what ours say already, unless something is wrong.
    private var quietLog: Logger {
        var quiet = log
        quiet.logLevel = max(log.logLevel, .warning)
        return quiet
    }
}
