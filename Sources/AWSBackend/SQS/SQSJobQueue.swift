internal import Foundation
package import Jobs

/// A standard SQS queue, and another for its dead letters.
package struct SQSJobQueue: JobQueue {
    private let service: JSONService
    private let queue: QueueName
    private let deadLetterQueue: QueueName?

    /// Makes a queue out of the URLs of two that exist.
    ///
    /// - Throws: `invalid` for what is not the URL of a standard queue.
    package init(client: AWSClient, url: String, deadLetterURL: String?) throws(BackendError) {
        service = JSONService(client: client, service: .sqs)
        queue = try QueueName(url: url)
        if let deadLetterURL {
            deadLetterQueue = try QueueName(url: deadLetterURL)
        } else {
            deadLetterQueue = nil
        }
    }

    package func send(_ body: String, delay: Double) async throws(BackendError) {
        let delay = try Self.seconds(delay, 0...900, "a delay")
        try await send(SQS.SendMessage(queue: queue.url, body: body, delay: delay))
    }

    /// A long wait is a row of short polls, and a wait that is cancelled ends with the poll under way.
    ///
    /// SQS may still give messages to a poll whose receiver has gone, and then hides them from all others. So
    /// none is broken off, and each is short: a worker that waits stops within a second, for a request a
    /// second.
    package func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage] {
        var left = try Self.seconds(wait, 0...20, "a wait")
        let visibility = try Self.seconds(visibility, 0...Self.maximumVisibility, "a visibility")
        while true {
            let messages = try await poll(limit: limit, wait: min(left, Self.pollSeconds), visibility)
            left -= Self.pollSeconds
            if !messages.isEmpty || left <= 0 || Task.isCancelled { return messages.map(\.received) }
        }
    }

    /// Asks once; a cancelled task waits for the answer as long as it may take by rights.
    private func poll(limit: Int, wait: Int, _ visibility: Int) async throws(BackendError) -> [SQS.Message] {
        let poll = Task { () async -> Result<[SQS.Message], BackendError> in
            do throws(BackendError) {
                return .success(
                    try await receive(from: queue, limit: limit, wait: wait, visibility: visibility)
                )
            } catch {
                return .failure(error)
            }
        }
        return try await withTaskCancellationHandler {
            await poll.value
        } onCancel: {
            Task {
                try await Task.sleep(for: .seconds(wait + 1))
                poll.cancel()
            }
        }.get()
    }

    package func extend(_ message: QueueMessage, visibility: Double) async throws(BackendError) {
        let visibility = try Self.seconds(visibility, 0...Self.maximumVisibility, "a visibility")
        guard try await hide(message.receipt, of: queue, for: visibility) else {
            throw BackendError(.notFound, "the delivery of message \(message.id) no longer counts")
        }
    }

    package func delete(_ message: QueueMessage) async throws(BackendError) {
        try await delete(message.receipt, from: queue)
    }

    /// The letter is sent before the message is deleted: a crash between the two doubles it, and loses
    /// nothing.
    package func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) async throws(BackendError) {
        var request = SQS.SendMessage(queue: try deadLetters().url, body: letter.body)
        request.attributes = DeadLetterMessage.attributes(of: letter)
        try await send(request)
        try await delete(message)
    }

    /// SQS shows messages only to those who receive them, so this hides them for moments.
    package func deadLetters(limit: Int) async throws(BackendError) -> [DeadLetter] {
        let queue = try deadLetters()
        var letters: [String: DeadLetter] = [:]
        var order: [String] = []
        var receipts: [String] = []
        while order.count < limit {
            let count = min(10, limit - order.count)
            let messages = try await receive(from: queue, limit: count, wait: 1, visibility: Self.peekSeconds)
            receipts += messages.map(\.receipt)
            let new = messages.filter { letters[$0.id] == nil }
            guard !new.isEmpty else { break }
            order += new.map(\.id)
            for message in new { letters[message.id] = DeadLetterMessage.letter(from: message) }
        }
        for receipt in receipts { _ = try await hide(receipt, of: queue, for: 0) }
        return order.compactMap { letters[$0] }
    }

    package func redrive(limit: Int) async throws(BackendError) -> Int {
        let deadLetterQueue = try deadLetters()
        var count = 0
        while count < limit {
            let messages = try await receive(
                from: deadLetterQueue,
                limit: min(10, limit - count),
                wait: 1,
                visibility: Self.peekSeconds
            )
            guard !messages.isEmpty else { break }
            for message in messages {
                try await send(SQS.SendMessage(queue: queue.url, body: message.body))
                try await delete(message.receipt, from: deadLetterQueue)
                count += 1
            }
        }
        return count
    }

    /// SQS does not say how old its oldest message is; CloudWatch does.
    package func depth() async throws(BackendError) -> QueueDepth {
        let depth = try await counts(of: queue)
        var dead = 0
        if let deadLetterQueue {
            let counts = try await counts(of: deadLetterQueue)
            dead = counts.visible + counts.inFlight
        }
        return QueueDepth(visible: depth.visible, inFlight: depth.inFlight, dead: dead)
    }
}

extension SQSJobQueue {
    /// Seconds that SQS can hide a message for, counted from its delivery: 12 hours.
    private static let maximumVisibility = 43_200
    private static let peekSeconds = 30
    /// Seconds that one request waits for messages.
    private static let pollSeconds = 1

    private func deadLetters() throws(BackendError) -> QueueName {
        guard let deadLetterQueue else {
            throw BackendError(.invalid, "there is no queue for the dead letters of \(queue.name)")
        }
        return deadLetterQueue
    }

    private func send(_ request: SQS.SendMessage) async throws(BackendError) {
        do {
            let _: EmptyAnswer = try await service.call("SendMessage", request)
        } catch {
            throw error.error
        }
    }

    private func receive(
        from queue: QueueName,
        limit: Int,
        wait: Int,
        visibility: Int
    ) async throws(BackendError) -> [SQS.Message] {
        let request = SQS.ReceiveMessage(
            queue: queue.url,
            limit: min(max(limit, 1), 10),
            wait: wait,
            visibility: visibility,
            attributes: queue == deadLetterQueue ? DeadLetterMessage.attributeNames : []
        )
        do {
            let answer: SQS.ReceivedMessages = try await service.call(
                "ReceiveMessage",
                request,
                timeout: Double(wait) + 15
            )
            return answer.messages ?? []
        } catch {
            throw error.error
        }
    }

    /// Hides one delivery; false when it no longer counts.
    private func hide(
        _ receipt: String,
        of queue: QueueName,
        for seconds: Int
    ) async throws(BackendError) -> Bool {
        let delivery = SQS.Delivery(queue: queue.url, receipt: receipt, visibility: seconds)
        do {
            let _: EmptyAnswer = try await service.call("ChangeMessageVisibility", delivery)
            return true
        } catch  where Self.isGone(error) {
            return false
        } catch {
            throw error.error
        }
    }

    private func delete(_ receipt: String, from queue: QueueName) async throws(BackendError) {
        do {
            let delivery = SQS.Delivery(queue: queue.url, receipt: receipt)
            let _: EmptyAnswer = try await service.call("DeleteMessage", delivery)
        } catch  where Self.isGone(error) {
            return
        } catch {
            throw error.error
        }
    }

    private func counts(of queue: QueueName) async throws(BackendError) -> (visible: Int, inFlight: Int) {
        let (visible, inFlight) = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        do {
            let answer: SQS.QueueAttributes = try await service.call(
                "GetQueueAttributes",
                SQS.GetQueueAttributes(queue: queue.url, names: [visible, inFlight])
            )
            let counts = answer.attributes ?? [:]
            return (
                counts[visible].flatMap { Int($0) } ?? 0, counts[inFlight].flatMap { Int($0) } ?? 0
            )
        } catch {
            throw error.error
        }
    }

    /// Whether the receipt names no delivery that counts.
    ///
    /// Everything else in these requests was checked, so a wrong value can only be the receipt, or a
    /// message that has been out for all of its 12 hours. SQS spells that code in two ways, depending on
    /// the protocol.
    private static func isGone(_ failure: AWSFailure) -> Bool {
        let codes: Set = [
            "ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValueException",
            "InvalidParameterValue",
        ]
        return failure.serviceCode.map(codes.contains) ?? false
    }

    /// Whole seconds, rounded up.
    private static func seconds(
        _ value: Double,
        _ range: ClosedRange<Int>,
        _ name: String
    ) throws(BackendError) -> Int {
        guard let seconds = Int(exactly: value.rounded(.up)), range.contains(seconds) else {
            throw BackendError(.invalid, "\(name) is \(range.lowerBound) to \(range.upperBound) seconds")
        }
        return seconds
    }
}
