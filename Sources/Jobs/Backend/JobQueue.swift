package import Foundation

/// A message as one receiver got it.
package struct QueueMessage: Sendable, Equatable {
    /// The same for every delivery of the message.
    package let id: String
    /// Names this delivery: what extends or deletes the message.
    package let receipt: String
    package let body: String
    /// How often it was delivered, this time included.
    package let receiveCount: Int
    package let sent: Date

    package init(id: String, receipt: String, body: String, receiveCount: Int, sent: Date) {
        self.id = id
        self.receipt = receipt
        self.body = body
        self.receiveCount = receiveCount
        self.sent = sent
    }
}

/// A message that was given up, and why.
package struct DeadLetter: Codable, Sendable, Equatable {
    /// The message as it came.
    package var body: String
    /// A stable code, such as `event.malformed` or `denied`.
    package var code: String
    package var message: String
    package var jobID: String?

    package init(body: String, code: String, message: String, jobID: String? = nil) {
        self.body = body
        self.code = code
        self.message = message
        self.jobID = jobID
    }
}

/// What a queue holds, approximately.
package struct QueueDepth: Sendable, Equatable {
    package var visible: Int
    package var inFlight: Int
    package var dead: Int
    /// Seconds the oldest visible message has waited; `nil` when unknown or there is none.
    package var oldestAge: Double?

    package init(visible: Int, inFlight: Int, dead: Int, oldestAge: Double? = nil) {
        self.visible = visible
        self.inFlight = inFlight
        self.dead = dead
        self.oldestAge = oldestAge
    }
}

/// Messages delivered at least once, in no certain order.
package protocol JobQueue: Sendable {
    /// Adds a message, to be delivered `delay` seconds (0...900) from now at the earliest.
    func send(_ body: String, delay: Double) async throws(BackendError)

    /// Waits up to `wait` seconds (0...20) for messages, and hides those it returns for `visibility`.
    ///
    /// Returns at most `limit` (1...10) messages; none when there were none in time.
    func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage]

    /// Hides a received message for `visibility` seconds from now; 0 shows it again at once.
    ///
    /// - Throws: `notFound` when this delivery no longer counts: it was deleted, or shown again and taken
    ///   by somebody else.
    func extend(_ message: QueueMessage, visibility: Double) async throws(BackendError)

    /// Deletes a message for good. Doing so twice is no error.
    func delete(_ message: QueueMessage) async throws(BackendError)

    /// Moves a received message to the dead letters.
    func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) async throws(BackendError)

    /// Up to `limit` dead letters, without removing them.
    func deadLetters(limit: Int) async throws(BackendError) -> [DeadLetter]

    /// Puts up to `limit` dead letters back with their original bodies; returns how many.
    func redrive(limit: Int) async throws(BackendError) -> Int

    func depth() async throws(BackendError) -> QueueDepth
}
