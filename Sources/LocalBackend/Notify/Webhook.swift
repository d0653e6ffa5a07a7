internal import AWSSignature
internal import Foundation
internal import HTTPTransport
internal import Hashing
internal import Jobs

/// One call of a webhook, and what its answer means.
///
/// The receiver computes HMAC-SHA-256 over the timestamp, a full stop and the body, with the secret it
/// shares with us, and compares; the timestamp lets it refuse what somebody has recorded and sends again.
struct Webhook {
    /// Seconds that the whole call may take.
    private static let timeLimit = 10.0
    /// Nobody reads the answer's body.
    private static let longestAnswer = 1 << 20

    private let url: String
    /// For messages; paths and queries may hold secrets.
    private let host: String

    /// Nothing when the topic is no web address.
    ///
    /// - Throws: `invalid` when it is one that cannot be called.
    init?(topic: String) throws(BackendError) {
        let scheme = topic.prefix { $0 != ":" }.lowercased()
        guard ["http", "https"].contains(scheme), topic.dropFirst(scheme.count).hasPrefix("://") else {
            return nil
        }
        guard let parts = URLComponents(string: topic), let host = parts.host, !host.isEmpty else {
            throw BackendError(.invalid, "the address of a webhook is malformed")
        }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw BackendError(
                .invalid,
                "the webhook at \(host) has more in its address than a request can say"
            )
        }
        url = topic
        self.host = host
    }

    func request(_ notification: Jobs.Notification, at time: Date, _ settings: WebhookSettings) -> HTTPRequest
    {
        let body = Data(notification.message.utf8)
        let timestamp = String(Int64(time.timeIntervalSince1970))
        var request = HTTPRequest(
            method: "POST",
            url: url,
            headers: [
                ("Content-Type", "application/json"),
                ("User-Agent", "recast"),
                ("X-Recast-Id", notification.id),
                ("X-Recast-Timestamp", timestamp),
            ],
            body: body
        )
        if let secret = settings.secret {
            let signature = Digest.hmacSHA256(key: Data(secret.utf8), Data("\(timestamp).".utf8) + body)
            request.headers.append(("X-Recast-Signature", "sha256=" + signature.hexadecimal))
        }
        request.connectTimeout = Self.timeLimit / 2
        request.timeout = Self.timeLimit
        request.maxResponseBytes = Self.longestAnswer
        request.allowsPrivateAddresses = settings.allowsPrivateAddresses
        return request
    }

    /// - Throws: unless the answer says that the notification arrived.
    func check(_ response: HTTPResponse) throws(BackendError) {
        guard !(200...299).contains(response.status) else { return }
        throw BackendError(
            Self.code(of: response.status),
            "the webhook at \(host) answered \(response.status)",
            retryAfter: Self.retryAfter(response)
        )
    }

    /// Of the answers 400 to 499 only two can change when the same is sent again.
    ///
    /// A redirection is not followed: it would lead to where nobody has checked the address.
    private static func code(of status: Int) -> BackendError.Code {
        switch status {
        case 408: .unavailable
        case 429: .throttled
        case 401, 403: .denied
        case 404, 410: .notFound
        case 400...499: .invalid
        default: .unavailable
        }
    }

    private static func retryAfter(_ response: HTTPResponse) -> Double? {
        guard let text = response.headers["retry-after"], let seconds = UInt16(text) else { return nil }
        return Double(seconds)
    }

    func error(_ failure: HTTPFailure) -> BackendError {
        let code: BackendError.Code = failure.kind == .refused ? .denied : .unavailable
        return BackendError(code, "could not call the webhook at \(host): \(failure.message)")
    }
}
