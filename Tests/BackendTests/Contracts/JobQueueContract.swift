import Foundation
import Jobs
import TestBackends
import Testing

/// A queue with no messages.
struct JobQueueSubject: Sendable {
    let queue: any JobQueue
    /// Whether the server lets an earlier receiver extend what a later one has; SQS itself does not.
    var forgivesStaleReceipts = false

    /// Receives one message, waiting for it.
    func receive(
        visibility: Double = 60,
        wait: Double = 1,
        within seconds: Double = 60,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> QueueMessage {
        let deadline = ContinuousClock.now + .seconds(seconds)
        repeat {
            let messages = try await queue.receive(limit: 1, wait: wait, visibility: visibility)
            if let message = messages.first { return message }
        } while ContinuousClock.now < deadline
        return try #require(nil, "no message came", sourceLocation: sourceLocation)
    }

    /// Whether there is nothing to receive now.
    func isEmptyNow() async throws -> Bool {
        try await queue.receive(limit: 10, wait: 0, visibility: 60).isEmpty
    }
}

@Suite("A job queue")
struct JobQueueContract {
    @Test("A message arrives as it was sent, and is hidden from others", arguments: Candidate.jobQueues)
    func delivers(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let bodies = [
            #"{"Records":[{"s3":{"object":{"key":"a+b%2Fc"}}}]}"#, "é€😀\n\t\"'<&>",
            String(repeating: "long ", count: 40_000),
        ]
        for body in bodies {
            let before = Date()
            try await subject.queue.send(body, delay: 0)
            let message = try await subject.receive()
            #expect(message.body == body)
            #expect(message.receiveCount == 1)
            #expect(!message.id.isEmpty && !message.receipt.isEmpty)
            #expect(abs(message.sent.timeIntervalSince(before)) < 30)
            #expect(try await subject.isEmptyNow())
            try await subject.queue.delete(message)
        }
    }

    @Test("A message that is not deleted comes again, and says how often", arguments: Candidate.jobQueues)
    func redelivers(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        try await subject.queue.send("again", delay: 0)
        var messages: [QueueMessage] = []
        for _ in 1...3 { messages.append(try await subject.receive(visibility: 1)) }
        #expect(messages.map(\.receiveCount) == [1, 2, 3])
        #expect(Set(messages.map(\.id)).count == 1)
        #expect(Set(messages.map(\.receipt)).count == 3)
        #expect(Set(messages.map(\.body)) == ["again"])
    }

    @Test("Extending hides a message for longer", arguments: Candidate.jobQueues)
    func extends(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        // Again when this test was held up for so long that the message may have been shown in between.
        for _ in 0..<10 {
            try await subject.queue.send("long", delay: 0)
            let begin = ContinuousClock.now
            let message = try await subject.receive(visibility: 3)
            let code = try await failure { try await subject.queue.extend(message, visibility: 120) }
            guard ContinuousClock.now - begin < .seconds(2) else {
                try await subject.queue.delete(message)
                continue
            }
            #expect(code == nil)
            #expect(try await subject.queue.receive(limit: 1, wait: 4, visibility: 1).isEmpty)
            try await subject.queue.extend(message, visibility: 60)
            return try await subject.queue.delete(message)
        }
        Issue.record("this machine is too slow to tell")
    }

    @Test("Extending by nothing shows a message again at once", arguments: Candidate.jobQueues)
    func putsBack(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        try await subject.queue.send("back", delay: 0)
        let message = try await subject.receive(visibility: 60)
        try await subject.queue.extend(message, visibility: 0)
        let again = try await subject.receive()
        #expect(again.id == message.id)
        #expect(again.receiveCount == 2)
    }

    @Test("A delivery that no longer counts cannot be extended", arguments: Candidate.jobQueues)
    func refusesStaleReceipts(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        try await subject.queue.send("stale", delay: 0)
        let first = try await subject.receive(visibility: 60)
        try await subject.queue.extend(first, visibility: 0)
        let second = try await subject.receive(visibility: 60)
        if !subject.forgivesStaleReceipts {
            #expect(try await failure { try await subject.queue.extend(first, visibility: 30) } == .notFound)
        }
        try await subject.queue.extend(second, visibility: 30)
        try await subject.queue.delete(second)
        #expect(try await failure { try await subject.queue.extend(second, visibility: 30) } == .notFound)
    }

    @Test("Deleting twice is no error, and what is deleted stays away", arguments: Candidate.jobQueues)
    func deletesTwice(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        try await subject.queue.send("once", delay: 0)
        let message = try await subject.receive(visibility: 1)
        try await subject.queue.delete(message)
        try await subject.queue.delete(message)
        #expect(try await subject.queue.receive(limit: 1, wait: 2, visibility: 1).isEmpty)
    }

    @Test("A waiting receiver is woken by a message", arguments: Candidate.jobQueues)
    func wakes(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let (body, seconds) = try await timed {
            async let received = subject.receive(wait: 20)
            // Long enough for the receiver to be waiting; if it is not, the message is found at once.
            try await Task.sleep(for: .milliseconds(200))
            try await subject.queue.send("wake up", delay: 0)
            return try await received.body
        }
        #expect(body == "wake up")
        #expect(seconds < 10)
    }

    @Test("A receiver gives up when nothing comes in time", arguments: Candidate.jobQueues)
    func givesUp(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let begin = ContinuousClock.now
        let (messages, seconds) = try await timed {
            try await subject.queue.receive(limit: 10, wait: 1, visibility: 60)
        }
        #expect(messages.isEmpty)
        #expect(ContinuousClock.now - begin > .milliseconds(800))
        #expect(seconds < 10)
    }

    @Test("A receiver that is cancelled gives up at once", arguments: Candidate.jobQueues)
    func obeysCancellation(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let (messages, seconds) = try await timed {
            let receiver = Task { try? await subject.queue.receive(limit: 1, wait: 20, visibility: 60) }
            // Whether it waits by then or only begins, it is to end.
            try await Task.sleep(for: .milliseconds(200))
            receiver.cancel()
            return await receiver.value
        }
        #expect(messages?.isEmpty != false)
        #expect(seconds < 10)
    }

    @Test("A delayed message is not delivered before its time", arguments: Candidate.jobQueues)
    func delays(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let begin = ContinuousClock.now
        try await subject.queue.send("later", delay: 2)
        #expect(try await subject.receive().body == "later")
        // A service counts whole seconds.
        #expect(ContinuousClock.now - begin > .seconds(1))
    }

    @Test("The same body sent twice is two messages", arguments: Candidate.jobQueues)
    func keepsDuplicates(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        for _ in 0..<2 { try await subject.queue.send("same", delay: 0) }
        let first = try await subject.receive()
        let second = try await subject.receive()
        #expect(first.id != second.id)
        #expect([first.body, second.body] == ["same", "same"])
    }

    @Test("No message is lost or given to two receivers at once", arguments: Candidate.jobQueues)
    func sharesOut(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let queue = subject.queue
        let bodies = Set((0..<40).map { "message \($0)" })
        let receiverCount = candidate.isAtomic ? 4 : 1
        try await withThrowingTaskGroup(of: Void.self) { group in
            for body in bodies { group.addTask { try await queue.send(body, delay: 0) } }
            try await group.waitForAll()
        }
        let received = try await withThrowingTaskGroup(of: [QueueMessage].self) { group in
            for _ in 0..<receiverCount {
                group.addTask {
                    var mine: [QueueMessage] = []
                    // More than there are only when some come twice.
                    while mine.count <= 40 {
                        let messages = try await queue.receive(limit: 7, wait: 1, visibility: 120)
                        #expect(messages.count <= 7)
                        guard !messages.isEmpty else { break }
                        mine += messages
                    }
                    return mine
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(received.count == 40)
        #expect(Set(received.map(\.id)).count == 40)
        #expect(Set(received.map(\.body)) == bodies)
    }

    @Test("The depth counts what waits and what is being worked on", arguments: Candidate.jobQueues)
    func counts(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        for number in 1...3 { try await subject.queue.send("\(number)", delay: 0) }
        let message = try await subject.receive()
        let isCounted = try await eventually {
            let depth = try await subject.queue.depth()
            return depth.visible == 2 && depth.inFlight == 1 && depth.dead == 0
        }
        #expect(isCounted)
        try await subject.queue.delete(message)
        let isUncounted = try await eventually {
            let depth = try await subject.queue.depth()
            return depth.visible == 2 && depth.inFlight == 0
        }
        #expect(isUncounted)
    }
}
