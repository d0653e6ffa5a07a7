internal import Foundation
package import Hummingbird
internal import HummingbirdCore

/// The description of the site's and the page's API: OpenAPI 3.1.
package struct DescriptionRoutes: RouteGroup {
    package init() {}

    package func add(to router: Router<ServiceRequestContext>) {
        router.get("openapi.json") { _, _ in Response.json(Data(PackageResources.openapi_json)) }
    }
}
