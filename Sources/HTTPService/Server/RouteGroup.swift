package import Hummingbird

/// Routes that belong together, such as those of the page.
package protocol RouteGroup: Sendable {
    func add(to router: Router<ServiceRequestContext>)
}
