internal import HTTPTypes
internal import Hummingbird

/// Answers in the shapes that the site's clients know.
enum SiteAnswer {
    static func json(_ value: JSONText, status: HTTPResponse.Status = .ok, cors: Bool = false) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if cors { allowAll(&headers) }
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: value.text))
        )
    }

    /// An error as the routes themselves answer it.
    static func error(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        cors: Bool = false
    ) -> Response {
        json(
            .members(["Code": .string(code), "Message": .string(message)]),
            status: status,
            cors: cors
        )
    }

    /// The answer to what a browser asks before it asks the route.
    static var preflight: Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        allowAll(&headers)
        return Response(status: .ok, headers: headers)
    }

    private static func allowAll(_ headers: inout HTTPFields) {
        headers[.accessControlAllowOrigin] = "*"
        headers[.accessControlAllowHeaders] =
            "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key"
        headers[.accessControlAllowMethods] = "GET,OPTIONS"
    }
}
