package import Foundation
package import Jobs

/// Why a service did not do what was asked, with what it said itself.
package struct AWSFailure: Error, Sendable {
    package let error: BackendError
    /// The service's own code, such as `ConditionalCheckFailedException` or `NoSuchKey`; `nil` without an
    /// answer, or when the answer has none, as to HEAD.
    package let serviceCode: String?
    /// The HTTP status; `nil` without an answer.
    package let status: Int?
    package let body: Data

    package init(_ error: BackendError, serviceCode: String? = nil, status: Int? = nil, body: Data = Data()) {
        self.error = error
        self.serviceCode = serviceCode
        self.status = status
        self.body = body
    }
}

/// The code and message of an error, as services write them.
struct ServiceError: Equatable {
    let code: String?
    let message: String?

    /// Reads the body of an answer that failed: S3's and the Query protocol's XML, or JSON.
    init(status: Int, headers: [String: String], body: Data) {
        if let json = try? JSONDecoder().decode(JSONError.self, from: body), json.type ?? json.code != nil {
            code = Self.shortened(json.type ?? json.code)
            message = json.message ?? json.capitalMessage
            return
        }
        let root = try? XMLNode.parse(body)
        let error = root?.name == "Error" ? root : root?.first("Error")
        code = error?.text("Code") ?? Self.shortened(headers["x-amzn-errortype"])
        message = error?.text("Message")
    }

    private struct JSONError: Decodable {
        let type: String?
        let code: String?
        let message: String?
        let capitalMessage: String?

        enum CodingKeys: String, CodingKey {
            case type = "__type"
            case code, message
            case capitalMessage = "Message"
        }
    }

    /// `com.amazonaws.sqs#QueueDoesNotExist` and `Name:http://…` name `QueueDoesNotExist` and `Name`.
    private static func shortened(_ type: String?) -> String? {
        guard let type else { return nil }
        let name = type.split(separator: ":")[safe: 0].map(String.init) ?? type
        return name.split(separator: "#").last.map(String.init)
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

// MARK: - From the services' codes to ours

extension BackendError.Code {
    /// What an answer that is no success means.
    init(serviceCode: String?, status: Int) {
        if let serviceCode, let known = Self.known[serviceCode] {
            self = known
            return
        }
        let isDenied =
            serviceCode.map { $0.hasPrefix("AccessDenied") || $0.hasPrefix("KMS.Disabled") } ?? false
        self =
            switch status {
            case _ where isDenied: .denied
            case 401, 403: .denied
            case 404, 410: .notFound
            case 409, 412: .conflict
            case 429: .throttled
            case 501: .invalid
            case 408, 500...599: .unavailable
            default: .invalid
            }
    }

    private static let known: [String: Self] = {
        let groups: [(Self, String)] = [
            (
                .notFound,
                """
                NoSuchKey NoSuchBucket NoSuchUpload NoSuchVersion NotFound ResourceNotFoundException \
                TableNotFoundException QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue
                """
            ),
            (
                .conflict,
                """
                PreconditionFailed ConditionalRequestConflict ConditionalCheckFailedException \
                TransactionCanceledException ResourceInUseException BucketAlreadyOwnedByYou \
                BucketAlreadyExists QueueNameExists QueueAlreadyExists IdempotentParameterMismatchException
                """
            ),
            (
                .denied,
                """
                InvalidAccessKeyId SignatureDoesNotMatch InvalidSignatureException UnrecognizedClientException \
                InvalidClientTokenId InvalidClientTokenIdException ExpiredToken ExpiredTokenException \
                InvalidToken MissingAuthenticationToken MissingAuthenticationTokenException \
                IncompleteSignature IncompleteSignatureException AuthorizationError AuthorizationErrorException \
                OptInRequired NotAuthorized AllAccessDisabled AccountProblem RequestTimeTooSkewed \
                RequestExpired InvalidIdentityToken IDPRejectedClaim
                """
            ),
            (
                .throttled,
                """
                Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException \
                TooManyRequestsException ProvisionedThroughputExceededException RequestLimitExceeded \
                BandwidthLimitExceeded LimitExceededException SlowDown PriorRequestNotComplete OverLimit \
                KMSThrottling KmsThrottled KMSThrottlingException TransactionInProgressException
                """
            ),
            (
                .unavailable,
                """
                InternalError InternalFailure InternalServerError ServiceUnavailable ServiceUnavailableException \
                RequestTimeout RequestTimeoutException TransactionConflictException OperationAborted \
                IDPCommunicationError
                """
            ),
        ]
        var known: [String: Self] = [:]
        for (code, names) in groups {
            for name in names.split(separator: " ") { known[String(name)] = code }
        }
        return known
    }()
}
