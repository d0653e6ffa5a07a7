/// The services this backend talks to.
package enum AWSService: String, Sendable, CaseIterable {
    case s3, sqs, dynamodb, sns, sts

    /// What follows `AWS_ENDPOINT_URL_` in the service's own setting (AWS SDKs Reference Guide,
    /// "Service-specific endpoints").
    package var settingName: String { rawValue.uppercased() }

    /// As people write it.
    package var displayName: String { self == .dynamodb ? "DynamoDB" : rawValue.uppercased() }
}
