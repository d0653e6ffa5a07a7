package import Foundation
package import HTTPTypes
package import Hummingbird
internal import NIOCore

extension Response {
    /// An answer in JSON; what cannot be encoded is an error of the program and answers 500.
    package static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            return json(Data(#"{"message":"Internal server error"}"#.utf8), status: .internalServerError)
        }
        return json(data, status: status, headers: headers)
    }

    /// An answer whose body is JSON already.
    package static func json(
        _ data: Data,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data))
        )
    }

    /// `{"message":…}`, as API Gateway writes errors.
    package static func failure(
        _ status: HTTPResponse.Status,
        _ message: String,
        headers: HTTPFields = [:]
    ) -> Response {
        json(["message": message], status: status, headers: headers)
    }

    /// 401 to a request that proves nothing.
    package static var unauthorized: Response {
        failure(
            .unauthorized,
            "Unauthorized",
            headers: [.wwwAuthenticate: #"Basic realm="recast", charset="UTF-8""#]
        )
    }

    /// 403 to a user or password that is wrong.
    package static var denied: Response {
        json(["Message": "User is not authorized to access this resource"], status: .forbidden)
    }
}
