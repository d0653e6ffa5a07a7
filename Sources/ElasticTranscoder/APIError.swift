internal import Foundation

/// Why a request was not done, as clients are told.
struct APIError: Error, Sendable, Equatable {
    enum Kind: String, Sendable {
        /// Raw values are the names of the errors' shapes.
        case validation = "ValidationException"
        /// The body is not JSON, or a value is of the wrong type.
        case serialization = "SerializationException"
        case incompatibleVersion = "IncompatibleVersionException"
        case unknownOperation = "UnknownOperationException"
        case accessDenied = "AccessDeniedException"
        case notFound = "ResourceNotFoundException"
        case inUse = "ResourceInUseException"
        case limitExceeded = "LimitExceededException"
        case throttling = "ThrottlingException"
        case internalService = "InternalServiceException"

        var status: Int {
            switch self {
            case .validation, .serialization, .incompatibleVersion: 400
            case .accessDenied: 403
            case .notFound, .unknownOperation: 404
            case .inUse: 409
            case .limitExceeded, .throttling: 429
            case .internalService: 500
            }
        }
    }

    let kind: Kind
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Values that break the constraints of their members, in the service's own form.
    init(violations: [String]) {
        let count = "\(violations.count) validation error\(violations.count == 1 ? "" : "s") detected: "
        self.init(.validation, count + violations.joined(separator: "; "))
    }

    var response: APIResponse {
        APIResponse(
            status: kind.status,
            errorType: kind.rawValue,
            body: JSONValue.object(["message": .string(message)]).data
        )
    }
}
