/// How the site's part of the service is set up.
package struct SiteSettings: Sendable {
    /// Where videos are uploaded.
    package var bucket: String
    /// The address by which clients know the service, such as `https://video.example.com`; `nil` takes the
    /// one that each request was sent to.
    package var publicURL: String?
    /// Whether the key of an upload has a part that nobody can guess.
    package var unguessableKeys: Bool
    /// Bytes an upload may have.
    package var maximumUploadSize: Int64

    /// What one form can upload to S3.
    package static let largestUpload: Int64 = 5 << 30
    /// Seconds for which an upload form may be used.
    package static let formLifetime = 3600.0

    package init(
        bucket: String,
        publicURL: String? = nil,
        unguessableKeys: Bool = false,
        maximumUploadSize: Int64 = largestUpload
    ) {
        self.bucket = bucket
        self.publicURL = publicURL
        self.unguessableKeys = unguessableKeys
        self.maximumUploadSize = maximumUploadSize
    }
}
