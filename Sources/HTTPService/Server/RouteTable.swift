internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Synchronization

/// All routes of the service, known once they have been added to the router.
final class RouteTable: Sendable {
    private struct Route {
        let path: RouterPath
        var methods: Set<String>
    }

    private let routes = Mutex<[Route]>([])
    private let uploads: [RouterPath]

    init(uploads: [RouterPath]) { self.uploads = uploads }

    func fill(from router: Router<ServiceRequestContext>) {
        var found: [String: Route] = [:]
        for route in router.routes {
            found[route.path.description, default: Route(path: route.path, methods: [])].methods
                .insert(route.method.rawValue)
            if route.method == .get { found[route.path.description]?.methods.insert("HEAD") }
        }
        routes.withLock { $0 = Array(found.values) }
    }

    /// The methods that a path takes; none when there is no such path.
    func methods(of path: String) -> [String] {
        let methods = routes.withLock { routes in
            routes.filter { Self.matches($0.path, path) }.reduce(into: Set<String>()) {
                $0.formUnion($1.methods)
            }
        }
        return methods.sorted()
    }

    func takesUploads(_ path: String) -> Bool { uploads.contains { Self.matches($0, path) } }

    private static func matches(_ route: RouterPath, _ path: String) -> Bool {
        let parts = path.split(separator: "/")
        if route.components.last == .recursiveWildcard {
            return parts.count >= route.count && zip(route.dropLast(), parts).allSatisfy { $0 ~= $1 }
        }
        return parts.count == route.count && zip(route, parts).allSatisfy { $0 ~= $1 }
    }
}
