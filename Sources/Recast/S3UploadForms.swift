internal import AWSBackend
internal import AWSSignature
internal import Foundation
internal import HTTPService
internal import Jobs

/// Upload forms that go to S3, signed with the credentials of the service.
struct S3UploadForms: UploadForms {
    let client: AWSClient
    var now: @Sendable () -> Date = { Date() }

    func form(
        for policy: PostPolicy,
        origin: String
    ) async throws(BackendError) -> (url: String, fields: [(name: String, value: String)]) {
        let credentials = try await client.credentialSource.credentials()
        let region = client.configuration.region
        return (
            client.configuration.endpoint(of: .s3, bucket: policy.bucket).url,
            policy.formFields(credentials: credentials, region: region, date: now())
        )
    }
}
