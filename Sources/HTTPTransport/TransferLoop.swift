internal import CCurl
internal import Foundation
internal import Synchronization

/// libcurl's library-wide state.
enum CurlLibrary {
    /// False when libcurl, or the TLS library under it, cannot be used.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
}

/// The thread on which all transfers of one client run, with the connections they share.
final class TransferLoop: @unchecked Sendable {
    // Safe: `multi` is used by the loop's thread alone, except for `curl_multi_wakeup`, which libcurl
    // allows from every thread; everything else shared is in `inbox`.

    /// What other threads want of the loop.
    private struct Inbox {
        var started: [Transfer] = []
        var cancelled: [Transfer] = []
        var isStopping = false
    }

    private let multi: UnsafeMutableRawPointer?
    private let inbox = Mutex(Inbox())

    init(connectionsPerHost: Int) {
        multi = CurlLibrary.isReady ? curl_multi_init() : nil
        guard let multi else { return }
        _ = recast_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
        _ = recast_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connectionsPerHost * 2)
        let thread = Thread { [self] in run() }
        thread.name = "recast.http"
        thread.start()
    }

    deinit { curl_multi_cleanup(multi) }

    func start(_ transfer: Transfer) {
        guard let multi else { return transfer.finish(CURLE_FAILED_INIT) }
        inbox.withLock { $0.started.append(transfer) }
        curl_multi_wakeup(multi)
    }

    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        guard let multi else { return }
        inbox.withLock { $0.cancelled.append(transfer) }
        curl_multi_wakeup(multi)
    }

    /// Ends the thread once the transfers under way are done.
    func stop() {
        guard let multi else { return }
        inbox.withLock { $0.isStopping = true }
        curl_multi_wakeup(multi)
    }

    private func run() {
        var running: [UnsafeMutableRawPointer: Transfer] = [:]
        while true {
            let orders = inbox.withLock { inbox in
                defer { (inbox.started, inbox.cancelled) = ([], []) }
                return inbox
            }
            for transfer in orders.started { begin(transfer, &running) }
            for transfer in orders.cancelled where running[transfer.handle] != nil {
                end(transfer, &running)
                transfer.finish(.failure(Self.cancellation(of: transfer)))
            }
            if orders.isStopping, running.isEmpty { return }
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            collect(&running)
            // Transfers, time-outs and orders end the wait early.
            curl_multi_poll(multi, nil, 0, running.isEmpty ? 60_000 : 1_000, nil)
        }
    }

    private func begin(_ transfer: Transfer, _ running: inout [UnsafeMutableRawPointer: Transfer]) {
        guard !transfer.isCancelled.load(ordering: .acquiring) else {
            return transfer.finish(.failure(Self.cancellation(of: transfer)))
        }
        guard curl_multi_add_handle(multi, transfer.handle) == CURLM_OK else {
            return transfer.finish(CURLE_FAILED_INIT)
        }
        running[transfer.handle] = transfer
    }

    private func end(_ transfer: Transfer, _ running: inout [UnsafeMutableRawPointer: Transfer]) {
        curl_multi_remove_handle(multi, transfer.handle)
        running[transfer.handle] = nil
    }

    private func collect(_ running: inout [UnsafeMutableRawPointer: Transfer]) {
        var waiting: Int32 = 0
        while let message = curl_multi_info_read(multi, &waiting) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = running[message.pointee.easy_handle]
            else { continue }
            let code = message.pointee.data.result
            end(transfer, &running)
            transfer.finish(code)
        }
    }

    private static func cancellation(of transfer: Transfer) -> HTTPFailure {
        HTTPFailure(.cancelled, "the request to \(Transfer.host(of: transfer.request.url)) was cancelled")
    }
}
