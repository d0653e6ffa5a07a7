import Foundation
import HTTPService
import HTTPTransport
import Hummingbird
import Jobs
import Logging
import TestBackends
import Testing

@Suite("The OpenAPI document")
struct DescriptionTests {
    private static let verbs: Set<String> = ["get", "post", "put", "delete", "options", "patch", "head"]

    private func routes(_ context: ServiceContext, _ accounts: Accounts) -> [any RouteGroup] {
        let sessions = Sessions(context, accounts: accounts)
        let site = SiteSettings(bucket: "media")
        return OperationsHouse.routes(context, accounts) + [
            HealthRoutes(context, accounts: accounts, metrics: ServiceMetrics(), access: .everybody),
            SiteRoutes(context, accounts: accounts, settings: site),
            UploadFormRoutes(context, settings: site, sessions: sessions), DescriptionRoutes(),
        ]
    }

    private func document(_ service: RunningService) async throws -> [String: Any] {
        let answer = try await service.send("GET", "/openapi.json")
        #expect(answer.headers["content-type"] == "application/json")
        return try OperationsHouse.object(answer)
    }

    @Test("It describes every route of the site and of the page's API, and no other")
    func matchesRoutes() async throws {
        let context = ServiceContext.inMemory()
        let accounts = Accounts(store: context.store, settings: .quick)
        let service = HTTPService(
            context,
            accounts: accounts,
            settings: HTTPService.Settings(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            routes: routes(context, accounts)
        )
        let served = Set(service.router().routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" })
        try await RunningService.run(context: context, routes: routes) { running throws in
            let paths = try #require(try await document(running)["paths"] as? [String: [String: Any]])
            let described = Set(
                paths.flatMap { path, item in
                    item.keys.filter(Self.verbs.contains).map { "\($0) \(path)" }
                }
            )
            #expect(described.subtracting(served) == [], "described, but not served")
            #expect(served.subtracting(described) == [], "served, but not described")
        }
    }

    @Test("Every reference in it leads somewhere, and every operation has a name of its own")
    func isSound() async throws {
        try await RunningService.run(routes: routes) { service throws in
            let document = try await document(service)
            var references: Set<String> = []
            var names: [String] = []
            func collect(_ value: Any) {
                if let list = value as? [Any] { list.forEach(collect) }
                guard let object = value as? [String: Any] else { return }
                if let reference = object["$ref"] as? String { references.insert(reference) }
                if let name = object["operationId"] as? String { names.append(name) }
                object.values.forEach(collect)
            }
            collect(document)
            for reference in references {
                let parts = reference.split(separator: "/").dropFirst()
                let target = parts.reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
                #expect(target != nil, "\(reference)")
            }
            #expect(references.count > 5 && names.count > 15 && Set(names).count == names.count)
        }
    }
}
