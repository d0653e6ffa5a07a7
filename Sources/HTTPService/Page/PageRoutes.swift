internal import AWSSignature
internal import Foundation
internal import HTTPTypes
internal import Hashing
package import Hummingbird

/// The page at `/app`: one document, its style and its program.
package struct PageRoutes: RouteGroup {
    /// One of the page's files, as it was built into the program.
    private struct File: Sendable {
        let path: RouterPath
        let contentType: String
        let body: ByteBuffer
        /// Changes whenever the bytes do.
        let eTag: String

        init(_ path: RouterPath, _ contentType: String, _ bytes: [UInt8]) {
            self.path = path
            self.contentType = contentType
            body = ByteBuffer(bytes: bytes)
            eTag = "\"\(Digest.sha256(Data(bytes)).hexadecimal.prefix(32))\""
        }
    }

    private static let files = [
        File("/app", "text/html; charset=utf-8", PackageResources.app_html),
        File("/app/app.css", "text/css; charset=utf-8", PackageResources.app_css),
        File("/app/app.js", "text/javascript; charset=utf-8", PackageResources.app_js),
    ]

    private let policy: String

    /// The page, which uploads to `uploadOrigin`, such as `https://media.s3.eu-west-1.amazonaws.com`, when
    /// that is another place than the service itself.
    package init(uploadOrigin: String? = nil) {
        policy = Self.contentSecurityPolicy(uploadOrigin)
    }

    package func add(to router: Router<ServiceRequestContext>) {
        for file in Self.files {
            router.get(file.path) { request, _ in answer(file, request) }
        }
    }

    private func answer(_ file: File, _ request: Request) -> Response {
        var headers: HTTPFields = [
            .eTag: file.eTag,
            // A new version of the program may have new files under the same names.
            .cacheControl: "no-cache",
            .contentSecurityPolicy: policy,
            .xContentTypeOptions: "nosniff",
        ]
        headers[.known("Referrer-Policy")] = "no-referrer"
        headers[.known("Cross-Origin-Opener-Policy")] = "same-origin"
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        if known.contains(file.eTag) || known == ["*"] {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = file.contentType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.body))
    }

    /// Nothing but the page's own files may run or be shown, nobody may frame it, and it speaks to the service
    /// and to the place of uploads alone.
    static func contentSecurityPolicy(_ uploadOrigin: String?) -> String {
        let places = uploadOrigin.flatMap(Self.origin).map { " \($0)" } ?? ""
        return [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
            "media-src 'self'", "connect-src 'self'\(places)", "form-action 'self'", "frame-ancestors 'none'",
            "base-uri 'none'",
        ].joined(separator: "; ")
    }

    /// Scheme, host and port of an address; `nil` for text that is none.
    private static func origin(_ address: String) -> String? {
        guard let parts = URLComponents(string: address), let scheme = parts.scheme, let host = parts.host,
            ["http", "https"].contains(scheme), !host.isEmpty
        else { return nil }
        return "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")"
    }
}
