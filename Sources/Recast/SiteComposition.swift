internal import AWSBackend
internal import Foundation
internal import HTTPService
internal import Jobs
internal import LocalBackend
internal import Logging

extension ServeRoom {
    /// The page, the forms with which it uploads, and on the local backend the place these go to.
    func page(
        _ context: ServiceContext,
        _ forms: LocalUploadForms,
        _ sessions: Sessions,
        _ log: Logger
    ) -> [any RouteGroup] {
        var routes: [any RouteGroup] = [
            PageRoutes(uploadOrigin: uploadOrigin),
            UploadFormRoutes(context, settings: site, sessions: sessions),
        ]
        if let watch = backends.watch {
            routes.append(
                UploadRoutes(context, forms: forms, buckets: [configuration.inputBucket]) { location in
                    do throws(BackendError) {
                        try await watch.announce(location)
                    } catch {
                        // The watch itself finds the file a moment later.
                        log.warning("an upload was not announced", metadata: ["error": "\(error)"])
                    }
                }
            )
        }
        return routes
    }

    /// Where the forms of a remote backend go; the page may not send them anywhere else.
    private var uploadOrigin: String? {
        backends.client?.configuration.endpoint(of: .s3, bucket: configuration.inputBucket).url
    }
}
