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

    /// Makes a client that opens at most `connectionsPerHost` connections to one host; more requests wait.
    package init(connectionsPerHost: Int = 64) {
        loop = TransferLoop(connectionsPerHost: max(1, min(connectionsPerHost, 1000)))
    }

    deinit { loop.stop() }

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let transfer = try Transfer(request)
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
