internal import AWSSignature
package import Foundation
package import HTTPTransport
package import Jobs
package import Logging
internal import Synchronization

/// Signs requests, sends them to the services, and sends them again when that may help.
///
/// Repeats after failures of network and service, with exponential backoff and full jitter, within a budget
/// that all requests share; slows down where a service asks for it; corrects a wrong clock by the
/// service's; renews credentials that have expired.
package final class AWSClient: Sendable {
    package let configuration: AWSConfiguration
    package let credentialSource: any CredentialSource
    let timing: Timing
    private let transport: any HTTPSending
    private let retry: RetryPolicy
    private let log: Logger
    private let budget = RetryBudget()
    private let pacers: [AWSService: Pacer]
    /// Seconds the services' clock is ahead of ours.
    private let clockOffset = Mutex(0.0)

    package init(
        configuration: AWSConfiguration,
        credentials: any CredentialSource,
        transport: (any HTTPSending)? = nil,
        retry: RetryPolicy = RetryPolicy(),
        timing: Timing = .system,
        log: Logger
    ) {
        self.configuration = configuration
        credentialSource = credentials
        self.transport = transport ?? HTTPClient(certificates: configuration.certificates)
        self.retry = retry
        self.timing = timing
        self.log = log
        pacers = Dictionary(uniqueKeysWithValues: AWSService.allCases.map { ($0, Pacer()) })
    }

    /// Sends a request and returns the answer, which is a success (2xx).
    package func send(_ request: AWSRequest) async throws(BackendError) -> HTTPResponse {
        do { return try await exchange(request) } catch { throw error.error }
    }

    /// Calls an operation of a service that speaks JSON, such as `DynamoDB_20120810.GetItem`.
    package func call(
        _ service: AWSService,
        target: String,
        json: Data,
        timeout: Double = 30
    ) async throws(BackendError) -> Data {
        do {
            return try await invoke(service, target: target, json: json, timeout: timeout)
        } catch { throw error.error }
    }

    /// `call`, for those who need the service's own code and body of a failure.
    package func invoke(
        _ service: AWSService,
        target: String,
        json: Data,
        timeout: Double = 30
    ) async throws(AWSFailure) -> Data {
        var request = AWSRequest(service, "POST", body: json)
        request.headers = [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", target)]
        request.timeout = timeout
        return try await exchange(request).body
    }

    /// `send`, for those who need the service's own code and body of a failure.
    package func exchange(_ request: AWSRequest) async throws(AWSFailure) -> HTTPResponse {
        let payload: SignatureV4.Payload =
            request.signsPayload ? .hash(SignatureV4.Payload.data(request.body).hash) : .unsigned
        var attempt = 1
        var isCorrected = false
        while true {
            let failure: FailedAttempt
            do {
                return try await once(request, payload)
            } catch { failure = error }
            if !isCorrected, await correct(failure) {
                isCorrected = true
                continue
            }
            guard let delay = pause(after: attempt, failure, request), budget.take() else {
                throw failure.failure
            }
            log.debug(
                "request is repeated",
                metadata: [
                    "service": "\(request.service.rawValue)", "attempt": "\(attempt)",
                    "reason": "\(failure.failure.error)", "delay": "\(delay)",
                ]
            )
            guard await slept(delay) else { throw failure.failure }
            attempt += 1
        }
    }

    /// The address of a request that works without credentials for `lifetime` seconds (1...604,800).
    package func presignedURL(_ request: AWSRequest, lifetime: Int) async throws(BackendError) -> String {
        let credentials = try await credentialSource.credentials()
        let (endpoint, signable) = signable(request)
        let query = signer(request.service, credentials)
            .query(presigning: signable, date: now(), lifetime: lifetime)
        return "\(endpoint.scheme)://\(endpoint.host)\(signable.path)?\(PercentEncoding.query(query))"
    }
}

// MARK: - One attempt

/// An attempt that failed, and what decides how to go on.
private struct FailedAttempt: Error {
    let failure: AWSFailure
    /// When the service says it is.
    var serverDate: Date?
    /// What the attempt was signed with.
    var credentials: Credentials?
    /// The same request may work soon.
    var isTransient = false
    /// The service refused to do it, so it has not been done.
    var isSurelyUndone = false
}

extension AWSClient {
    private func once(
        _ request: AWSRequest,
        _ payload: SignatureV4.Payload
    ) async throws(FailedAttempt) -> HTTPResponse {
        let pacer = pacers[request.service]
        let wait = pacer?.turn(now: timing.now()) ?? 0
        guard await slept(wait) else {
            throw FailedAttempt(failure: AWSFailure(BackendError(.unavailable, "the task was cancelled")))
        }
        let credentials: Credentials?
        do {
            credentials = request.isSigned ? try await credentialSource.credentials() : nil
        } catch { throw FailedAttempt(failure: AWSFailure(error)) }

        let response: HTTPResponse
        do {
            response = try await transport.send(message(request, payload, credentials))
        } catch { throw Self.failed(error) }
        if (200..<300).contains(response.status) {
            budget.refund()
            pacer?.succeeded()
            return response
        }
        var failed = self.failed(response, request)
        failed.credentials = credentials
        if failed.failure.error.code == .throttled { pacer?.throttled(now: timing.now()) }
        throw failed
    }

    /// The HTTP request, signed for this moment.
    private func message(
        _ request: AWSRequest,
        _ payload: SignatureV4.Payload,
        _ credentials: Credentials?
    ) -> HTTPRequest {
        let (endpoint, signable) = signable(request)
        let query = request.query.isEmpty ? "" : "?\(PercentEncoding.query(request.query))"
        var message = HTTPRequest(
            method: request.method,
            url: "\(endpoint.scheme)://\(endpoint.host)\(signable.path)\(query)",
            headers: request.headers,
            body: request.body
        )
        if let credentials {
            message.headers = signer(request.service, credentials)
                .headers(signing: signable, payload: payload, date: now())
        }
        message.headers.append(("User-Agent", "recast"))
        message.timeout = request.timeout
        message.maxResponseBytes = request.maxResponseBytes
        return message
    }

    private func signable(_ request: AWSRequest) -> (Endpoint, SignatureV4.Request) {
        let endpoint = configuration.endpoint(of: request.service, bucket: request.bucket)
        let signable = SignatureV4.Request(
            method: request.method,
            host: endpoint.host,
            path: endpoint.basePath + request.path,
            query: request.query,
            headers: request.headers
        )
        return (endpoint, signable)
    }

    private func signer(_ service: AWSService, _ credentials: Credentials) -> SignatureV4 {
        SignatureV4(credentials: credentials, region: configuration.region, service: service.rawValue)
    }

    private static func failed(_ failure: HTTPFailure) -> FailedAttempt {
        let code: BackendError.Code
        switch failure.kind {
        case .connection, .timeout, .tls, .cancelled: code = .unavailable
        case .refused, .tooLarge: code = .invalid
        }
        var failed = FailedAttempt(failure: AWSFailure(BackendError(code, failure.message)))
        failed.isTransient = failure.kind == .connection || failure.kind == .timeout
        return failed
    }

    private func failed(_ response: HTTPResponse, _ request: AWSRequest) -> FailedAttempt {
        let said = ServiceError(status: response.status, headers: response.headers, body: response.body)
        let code = BackendError.Code(serviceCode: said.code, status: response.status)
        var message = "\(request.subject): \(said.code ?? "status \(response.status)")"
        if let text = said.message, !text.isEmpty { message += ": \(text.prefix(300))" }
        if let region = response.headers["x-amz-bucket-region"], region != configuration.region {
            message += "; the bucket is in \(region)"
        }
        let error = BackendError(
            code,
            message,
            retryAfter: HTTPDate.seconds(response.headers["retry-after"], from: now())
        )
        var failed = FailedAttempt(
            failure: AWSFailure(error, serviceCode: said.code, status: response.status, body: response.body)
        )
        failed.serverDate = response.headers["date"].flatMap(HTTPDate.date)
        // Another conditional write to the same key was under way; who was first is known soon.
        failed.isTransient = error.isRetryable || said.code == "ConditionalRequestConflict"
        failed.isSurelyUndone = code == .throttled || failed.isTransient && response.status < 500
        return failed
    }
}

// MARK: - Between two attempts

extension AWSClient {
    /// The time, as the services have it.
    func now() -> Date { timing.now().addingTimeInterval(clockOffset.withLock { $0 }) }

    /// Seconds until the next attempt; `nil` when there is none.
    private func pause(after attempt: Int, _ failed: FailedAttempt, _ request: AWSRequest) -> Double? {
        guard failed.isTransient, attempt < retry.maximumAttempts,
            request.isIdempotent || failed.isSurelyUndone
        else { return nil }
        let error = failed.failure.error
        let asked = error.retryAfter ?? 0
        guard asked <= retry.maximumDelay else { return nil }
        let isThrottled = error.code == .throttled
        return max(asked, retry.delay(after: attempt, isThrottled: isThrottled, random: timing.random()))
    }

    /// Puts right what the service complains of; false when there is nothing to put right.
    private func correct(_ failed: FailedAttempt) async -> Bool {
        guard let status = failed.failure.status, [400, 401, 403].contains(status) else { return false }
        // The answer to HEAD has no code, so the clocks decide. Services allow for five to fifteen minutes.
        if let date = failed.serverDate, abs(date.timeIntervalSince(now())) > 240 {
            let offset = date.timeIntervalSince(timing.now())
            clockOffset.withLock { $0 = offset }
            log.warning("the clock is wrong; the service's is used", metadata: ["seconds": "\(Int(offset))"])
            return true
        }
        let expired = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]
        guard let code = failed.failure.serviceCode, expired.contains(code), let used = failed.credentials
        else {
            return false
        }
        await credentialSource.discard(used)
        return true
    }

    /// Waits; false when the task was cancelled.
    private func slept(_ seconds: Double) async -> Bool {
        guard seconds > 0 else { return !Task.isCancelled }
        do { try await timing.sleep(seconds) } catch { return false }
        return true
    }
}
