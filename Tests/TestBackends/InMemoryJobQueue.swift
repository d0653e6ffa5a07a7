package import Foundation
package import Jobs

/// Messages in an array.
package actor InMemoryJobQueue: JobQueue {
    private struct Entry {
        let id: String
        let body: String
        let sent: Date
        var visibleAt: Date
        var receipt: String?
        var receiveCount = 0

        func isInFlight(at date: Date) -> Bool { receipt != nil && visibleAt > date }
    }

    private var entries: [Entry] = []
    private var letters: [DeadLetter] = []
    private var count = 0
    private let now: @Sendable () -> Date

    /// Messages are hidden and shown by the clock `now`; waiting for one takes real time.
    package init(now: @escaping @Sendable () -> Date = { Date() }) { self.now = now }

    package func send(_ body: String, delay: Double) throws(BackendError) {
        let date = now()
        entries.append(
            Entry(id: "m\(next())", body: body, sent: date, visibleAt: date.addingTimeInterval(delay))
        )
    }

    package func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage] {
        let deadline = ContinuousClock.now + .seconds(wait)
        while true {
            let messages = take(limit: limit, visibility: visibility)
            guard messages.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled else { return messages }
            // Other calls have their turn meanwhile; a cancelled task does not wait.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    package func extend(_ message: QueueMessage, visibility: Double) throws(BackendError) {
        let date = now()
        guard let index = index(of: message), entries[index].isInFlight(at: date) else {
            throw BackendError(.notFound, "the delivery of \(message.id) no longer counts")
        }
        entries[index].visibleAt = date.addingTimeInterval(visibility)
    }

    package func delete(_ message: QueueMessage) {
        if let index = index(of: message) { entries.remove(at: index) }
    }

    package func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) {
        letters.append(letter)
        delete(message)
    }

    package func deadLetters(limit: Int) -> [DeadLetter] { Array(letters.prefix(limit)) }

    package func redrive(limit: Int) throws(BackendError) -> Int {
        let returning = letters.prefix(limit)
        for letter in returning { try send(letter.body, delay: 0) }
        letters.removeFirst(returning.count)
        return returning.count
    }

    package func depth() -> QueueDepth {
        let date = now()
        let visible = entries.filter { $0.visibleAt <= date }
        return QueueDepth(
            visible: visible.count,
            inFlight: entries.count { $0.isInFlight(at: date) },
            dead: letters.count,
            oldestAge: visible.map { date.timeIntervalSince($0.sent) }.max()
        )
    }

    private func take(limit: Int, visibility: Double) -> [QueueMessage] {
        let date = now()
        return entries.indices.filter { entries[$0].visibleAt <= date }.prefix(limit).map { index in
            let receipt = "r\(next())"
            entries[index].receipt = receipt
            entries[index].receiveCount += 1
            entries[index].visibleAt = date.addingTimeInterval(visibility)
            let entry = entries[index]
            return QueueMessage(
                id: entry.id,
                receipt: receipt,
                body: entry.body,
                receiveCount: entry.receiveCount,
                sent: entry.sent
            )
        }
    }

    private func index(of message: QueueMessage) -> Int? {
        entries.firstIndex { $0.receipt == message.receipt }
    }

    private func next() -> Int {
        count += 1
        return count
    }
}
