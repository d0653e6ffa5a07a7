import Foundation
import Jobs
import Testing

@Suite("The dead letters of a job queue")
struct DeadLetterContract {
    @Test("A dead letter keeps its message, says why, and is not delivered", arguments: Candidate.jobQueues)
    func buries(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        let body = #"{"key":"é+%2F"}"#
        try await subject.queue.send(body, delay: 0)
        let message = try await subject.receive(visibility: 1)
        let letter = DeadLetter(
            body: body,
            code: "input.damaged",
            message: "clip \"é\".mp4 ends early",
            jobID: "1700000000000-abcdef"
        )
        try await subject.queue.deadLetter(message, letter)
        #expect(try await subject.queue.receive(limit: 1, wait: 2, visibility: 1).isEmpty)
        // Looking does not take it away, although a service may hide it for a moment.
        for _ in 0..<2 {
            let isThere = try await eventually { try await subject.queue.deadLetters(limit: 10) == [letter] }
            #expect(isThere)
        }
        #expect(try await eventually { try await subject.queue.depth().dead == 1 })
    }

    @Test("A letter about no job is kept as well", arguments: Candidate.jobQueues)
    func buriesWithoutJob(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        try await subject.queue.send("not an event", delay: 0)
        let message = try await subject.receive()
        let letter = DeadLetter(body: message.body, code: "event.malformed", message: "it is no JSON")
        try await subject.queue.deadLetter(message, letter)
        #expect(try await eventually { try await subject.queue.deadLetters(limit: 10) == [letter] })
    }

    @Test("What is put back is delivered as it first came", arguments: Candidate.jobQueues)
    func redrives(_ candidate: Candidate<JobQueueSubject>) async throws {
        let subject = try await candidate.make()
        #expect(try await subject.queue.redrive(limit: 10) == 0)
        for number in 1...3 {
            try await subject.queue.send("message \(number)", delay: 0)
            let message = try await subject.receive()
            try await subject.queue.deadLetter(
                message,
                DeadLetter(body: message.body, code: "denied", message: "it may not be read")
            )
        }
        #expect(try await eventually { try await subject.queue.depth().dead == 3 })
        #expect(try await subject.queue.redrive(limit: 2) == 2)
        let messages = [try await subject.receive(), try await subject.receive()]
        #expect(try await subject.isEmptyNow())
        #expect(try await subject.queue.redrive(limit: 10) == 1)
        let all = messages + [try await subject.receive()]
        #expect(Set(all.map(\.body)) == ["message 1", "message 2", "message 3"])
        #expect(all.map(\.receiveCount) == [1, 1, 1])
        #expect(try await eventually { try await subject.queue.depth().dead == 0 })
        #expect(try await subject.queue.deadLetters(limit: 10).isEmpty)
    }
}
