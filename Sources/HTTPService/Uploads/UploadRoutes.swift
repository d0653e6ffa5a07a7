internal import Foundation
internal import HTTPTypes
package import Hummingbird
package import Jobs
internal import Logging

/// Takes the upload forms that `LocalUploadForms` makes, as S3 would.
package struct UploadRoutes: RouteGroup {
    private let context: ServiceContext
    private let forms: LocalUploadForms
    private let buckets: [String]
    private let announce: @Sendable (ObjectLocation) async -> Void

    /// Takes uploads to `buckets`; `announce` is told of each object that has come.
    package init(
        _ context: ServiceContext,
        forms: LocalUploadForms,
        buckets: [String],
        announce: @escaping @Sendable (ObjectLocation) async -> Void
    ) {
        self.context = context
        self.forms = forms
        self.buckets = buckets
        self.announce = announce
    }

    package var uploadPaths: [RouterPath] { Set(buckets).sorted().map { RouterPath($0) } }

    package func add(to router: Router<ServiceRequestContext>) {
        for bucket in Set(buckets).sorted() {
            router.post(RouterPath(bucket)) { request, context in await take(request, bucket, context) }
            router.on(RouterPath(bucket), method: .options) { _, _ in Self.preflight }
        }
    }

    private static var preflight: Response {
        Response(
            status: .ok,
            headers: [
                .accessControlAllowOrigin: "*", .accessControlAllowMethods: "POST",
                .accessControlAllowHeaders: "*", .accessControlMaxAge: "3000",
            ]
        )
    }

    private func take(
        _ request: Request,
        _ bucket: String,
        _ context: ServiceRequestContext
    ) async -> Response {
        do throws(UploadRefusal) {
            guard let form = MultipartForm(contentType: request.headers[.contentType] ?? "") else {
                throw UploadRefusal(
                    412,
                    "PreconditionFailed",
                    "Bucket POST must be of the enclosure-type multipart/form-data"
                )
            }
            let reception = UploadReception(
                objects: self.context.objects,
                forms: forms,
                bucket: bucket,
                now: self.context.now()
            )
            let upload = try await reception.take(request.body, form)
            await announce(upload.location)
            return Self.answer(upload, RequestOrigin.of(request, publicURL: nil) ?? "")
        } catch {
            if error.status >= 500 {
                context.logger.error("an upload failed", metadata: ["error": "\(error.code)"])
            }
            return error.response(requestID: context.requestID)
        }
    }

    private static func answer(_ upload: UploadReception.Upload, _ origin: String) -> Response {
        let location = "\(origin)/\(upload.location.bucket)/\(upload.encodedKey)"
        var headers: HTTPFields = [
            .accessControlAllowOrigin: "*", .accessControlExposeHeaders: "ETag, Location",
            .eTag: "\"\(upload.eTag)\"", .location: location,
        ]
        switch upload.status {
        case 200: return Response(status: .ok, headers: headers)
        case 201:
            headers[.contentType] = "application/xml"
            let text = """
                <?xml version="1.0" encoding="UTF-8"?>
                <PostResponse><Location>\(XMLText.escaped(location))</Location>\
                <Bucket>\(upload.location.bucket)</Bucket>\
                <Key>\(XMLText.escaped(upload.location.key))</Key>\
                <ETag>&quot;\(XMLText.escaped(upload.eTag))&quot;</ETag></PostResponse>
                """
            return Response(
                status: .created,
                headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(string: text))
            )
        default: return Response(status: .noContent, headers: headers)
        }
    }
}
