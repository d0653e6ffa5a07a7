package import Hummingbird

/// Routes that belong together, such as those of the page.
package protocol RouteGroup: Sendable {
    /// Routes whose bodies may be of any length, as the router knows them, such as `/upload/{bucket}`.
    var uploadPaths: [RouterPath] { get }

    func add(to router: Router<ServiceRequestContext>)
}

extension RouteGroup {
    package var uploadPaths: [RouterPath] { [] }
}
