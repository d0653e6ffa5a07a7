package import Hummingbird
package import Logging

/// The HTTP service: all routes behind one address.
package struct HTTPService: Sendable {
    package struct Settings: Sendable {
        package var host = "127.0.0.1"
        /// 0 takes any free one.
        package var port = 8080

        package init() {}
    }

    private let context: ServiceContext
    private let accounts: Accounts
    private let settings: Settings
    private let log: Logger
    private let routes: [any RouteGroup]

    /// The service with `routes` besides those of its health.
    package init(
        _ context: ServiceContext,
        accounts: Accounts,
        settings: Settings,
        log: Logger,
        routes: [any RouteGroup]
    ) {
        self.context = context
        self.accounts = accounts
        self.settings = settings
        self.log = log
        self.routes = routes
    }

    /// The service as an application; `onListening` hears of the port when it is bound.
    package func application(
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let router = Router(context: ServiceRequestContext.self)
        router.get("healthz") { _, _ in "ok\n" }
        for group in routes { group.add(to: router) }
        return Application(
            router: router,
            configuration: .init(address: .hostname(settings.host, port: settings.port)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: log
        )
    }
}
