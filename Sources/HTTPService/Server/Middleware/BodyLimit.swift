internal import HTTPTypes
internal import Hummingbird

/// Refuses bodies that no route but an upload's would read.
struct BodyLimit: RouterMiddleware {
    typealias Context = ServiceRequestContext

    let table: RouteTable

    func handle(
        _ request: Request,
        context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let text = request.headers[.contentLength], !table.takesUploads(request.uri.path) else {
            return try await next(request, context)
        }
        // What is not a number never comes this far.
        guard let length = Int64(text), length <= context.maxUploadSize else {
            return .failure(
                .contentTooLarge,
                "A body has at most \(context.maxUploadSize) bytes here",
                headers: [.connection: "close"]
            )
        }
        return try await next(request, context)
    }
}
