internal import HTTPTypes
internal import Hummingbird
internal import Jobs
internal import Logging
internal import NIOHTTP1

/// Makes an answer of whatever a route threw; nothing inside shows through.
struct ErrorShape: RouterMiddleware {
    typealias Context = ServiceRequestContext

    let table: RouteTable

    func handle(
        _ request: Request,
        context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as BackendError {
            return answer(to: error, context)
        } catch let error as any HTTPResponseError {
            guard context.endpointPath == "NotFound", error.status == .notFound else {
                let text = (error as? HTTPError)?.body ?? error.status.reasonPhrase
                return .failure(error.status, text, headers: (error as? HTTPError)?.headers ?? [:])
            }
            return noRoute(request)
        } catch let error as HTTPParserError {
            // The server answers 400 to what is not HTTP, and ends the connection.
            throw error
        } catch is CancellationError {
            return .failure(.serviceUnavailable, "The service is stopping")
        } catch {
            context.logger.error(
                "request failed",
                metadata: [
                    "request": "\(context.requestID)", "reason": "\(String(describing: type(of: error)))",
                ]
            )
            return .failure(.internalServerError, "Internal server error")
        }
    }

    /// An unknown path, or a method that a known one does not take: as API Gateway and Chalice answered.
    private func noRoute(_ request: Request) -> Response {
        let methods = table.methods(of: request.uri.path)
        guard !methods.isEmpty else { return .failure(.forbidden, "Missing Authentication Token") }
        return .json(
            ["Code": "MethodNotAllowedError", "Message": "Unsupported method: \(request.method.rawValue)"],
            status: .methodNotAllowed,
            headers: [.allow: methods.joined(separator: ", ")]
        )
    }

    private func answer(to error: BackendError, _ context: ServiceRequestContext) -> Response {
        switch error.code {
        case .notFound: return .failure(.notFound, error.message)
        case .conflict: return .failure(.conflict, error.message)
        case .invalid: return .failure(.badRequest, error.message)
        case .throttled, .unavailable, .denied:
            // That the service may not do something is none of the client's business.
            context.logger.error(
                "request failed",
                metadata: ["request": "\(context.requestID)", "reason": "\(error)"]
            )
            let seconds = error.retryAfter.map { max(1, min(3600, $0.rounded(.up))) } ?? 1
            return .failure(
                error.code == .denied ? .internalServerError : .serviceUnavailable,
                error.code == .denied ? "Internal server error" : "Service Unavailable",
                headers: error.code == .denied ? [:] : [.retryAfter: String(Int(seconds))]
            )
        }
    }
}
