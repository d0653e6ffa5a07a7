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

    /// What the loop's thread knows of the transfers.
    private struct Schedule {
        var running: [UnsafeMutableRawPointer: Transfer] = [:]
        /// How many of them go to each server.
        var counts: [String: Int] = [:]
        /// Those whose server has enough to do, in the order in which they came.
        var waiting: [Transfer] = []
    }

    private let multi: UnsafeMutableRawPointer?
    private let limit: Int
    private let inbox = Mutex(Inbox())

    /// Makes a loop that runs at most `limit` transfers with one server at a time.
    ///
    /// Under libcurl's own limit the wait for a turn would count towards the time-out.
    init(limit: Int) {
        self.limit = limit
        multi = CurlLibrary.isReady ? curl_multi_init() : nil
        guard let multi else { return }
        _ = recast_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limit * 2)
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
        var schedule = Schedule()
        while true {
            let orders = inbox.withLock { inbox in
                defer { (inbox.started, inbox.cancelled) = ([], []) }
                return inbox
            }
            schedule.waiting += orders.started
            for transfer in orders.cancelled where schedule.running[transfer.handle] != nil {
                end(transfer, &schedule)
                transfer.finish(.failure(Self.cancellation(of: transfer)))
            }
            beginWaiting(&schedule)
            if orders.isStopping, schedule.running.isEmpty { return }
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            if collect(&schedule) { continue }
            // Transfers, time-outs and orders end the wait early.
            curl_multi_poll(multi, nil, 0, schedule.running.isEmpty ? 60_000 : 1_000, nil)
        }
    }

    /// Begins what may begin, and drops what was cancelled before it could.
    private func beginWaiting(_ schedule: inout Schedule) {
        let waiting = schedule.waiting
        schedule.waiting = []
        for transfer in waiting {
            if transfer.isCancelled.load(ordering: .acquiring) {
                transfer.finish(.failure(Self.cancellation(of: transfer)))
            } else if schedule.counts[transfer.server, default: 0] >= limit {
                schedule.waiting.append(transfer)
            } else if curl_multi_add_handle(multi, transfer.handle) == CURLM_OK {
                schedule.running[transfer.handle] = transfer
                schedule.counts[transfer.server, default: 0] += 1
            } else {
                transfer.finish(CURLE_FAILED_INIT)
            }
        }
    }

    private func end(_ transfer: Transfer, _ schedule: inout Schedule) {
        curl_multi_remove_handle(multi, transfer.handle)
        schedule.running[transfer.handle] = nil
        let count = schedule.counts[transfer.server, default: 1] - 1
        schedule.counts[transfer.server] = count > 0 ? count : nil
    }

    /// Ends what is done; says whether anything was.
    private func collect(_ schedule: inout Schedule) -> Bool {
        var hasEnded = false
        var count: Int32 = 0
        while let message = curl_multi_info_read(multi, &count) {
            guard message.pointee.msg == CURLMSG_DONE,
                let transfer = schedule.running[message.pointee.easy_handle]
            else { continue }
            let code = message.pointee.data.result
            end(transfer, &schedule)
            transfer.finish(code)
            hasEnded = true
        }
        return hasEnded
    }

    private static func cancellation(of transfer: Transfer) -> HTTPFailure {
        HTTPFailure(.cancelled, "the request to \(Transfer.host(of: transfer.request.url)) was cancelled")
    }
}
