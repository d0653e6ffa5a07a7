/// Whoever answers HTTP requests: a client, or a stand-in for one.
package protocol HTTPSending: Sendable {
    /// Sends a request and waits for the answer, whatever its status.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}

/// Sends HTTP requests through libcurl, over HTTP/1.1 or, with TLS, HTTP/2.
///
/// Connections are kept and used again. Certificates are verified, redirections are answers like any
/// other. Ending the task that waits ends the exchange.
package final class HTTPClient: HTTPSending {
    private let loop: TransferLoop
    private let certificates: String?

    /// Makes a client that sends at most `limit` requests to one server at a time; more wait for their turn,
    /// which does not count towards their time-out.
    ///
    /// `certificates` is the path of a PEM file with the authorities to be trusted instead of the system's.
    package init(limit: Int = 64, certificates: String? = nil) {
        loop = TransferLoop(limit: max(1, min(limit, 1000)))
        self.certificates = certificates
    }

    deinit { loop.stop() }

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let transfer = try Transfer(request, certificates: certificates)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.completion = { continuation.resume(returning: $0) }
                loop.start(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try result.get()
    }
}
