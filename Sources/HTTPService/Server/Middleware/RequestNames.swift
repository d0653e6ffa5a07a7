internal import HTTPTypes
internal import Hummingbird

/// Gives every answer the id of its request, and tells browsers to take it for no more than it is.
struct RequestNames: RouterMiddleware {
    typealias Context = ServiceRequestContext

    private static let awsID = HTTPField.Name("x-amzn-RequestId")
    private static let commonID = HTTPField.Name("X-Request-Id")
    private static let caution: [(HTTPField.Name?, String)] = [
        (HTTPField.Name("X-Content-Type-Options"), "nosniff"),
        (HTTPField.Name("Referrer-Policy"), "no-referrer"),
        (HTTPField.Name("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'"),
    ]

    func handle(
        _ request: Request,
        context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if let name = Self.awsID { response.headers[name] = context.requestID }
        if let name = Self.commonID { response.headers[name] = context.requestID }
        // A route may say more than this, such as the page.
        for case (let name?, let value) in Self.caution where response.headers[name] == nil {
            response.headers[name] = value
        }
        return response
    }
}
