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
    private let settings: Settings
    private let log: Logger

    package init(_ context: ServiceContext, settings: Settings, log: Logger) {
        self.context = context
        self.settings = settings
        self.log = log
    }

    package func application() -> some ApplicationProtocol {
        let router = Router(context: ServiceRequestContext.self)
        router.get("healthz") { _, _ in "ok\n" }
        return Application(
            router: router,
            configuration: .init(address: .hostname(settings.host, port: settings.port)),
            logger: log
        )
    }
}
