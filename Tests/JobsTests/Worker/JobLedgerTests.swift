import Foundation
import Jobs
import TestBackends
import Testing

@Suite("The ledger of jobs")
struct JobLedgerTests {
    private let bench = WorkerBench()
    private let id = "1790000000000-aaaaaa"

    private func claim(_ owner: String) async throws -> Job? {
        guard case .claimed(let job) = try await bench.ledger(owner).claim(id) else { return nil }
        return job
    }

    @Test("Of eight that claim a job at the same time, one has it")
    func hasOneWinner() async throws {
        try await bench.storeJob()
        let winners = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<8 {
                group.addTask { try await claim("worker \(number)")?.lease?.owner }
            }
            return try await group.reduce(into: [String]()) { owners, owner in
                if let owner { owners.append(owner) }
            }
        }
        #expect(winners.count == 1)
        let job = try await bench.jobs().first
        #expect(job?.attempt == 1)
        #expect(job?.lease?.owner == winners.first)
    }

    @Test("A lease that lapsed is somebody else's, and the former holder changes nothing any more")
    func fencesFormerHolder() async throws {
        try await bench.storeJob()
        let first = try #require(try await claim("first"))
        bench.clock.advance(by: 59)
        #expect(try await bench.ledger("second").claim(id) == .leased(until: bench.clock.now + 1))
        bench.clock.advance(by: 1)
        let second = try #require(try await claim("second"))
        #expect(second.attempt == 2)
        let moment = bench.clock.now
        #expect(try await bench.ledger("first").renew(first) == nil)
        #expect(try await bench.ledger("first").update(first) { $0.ended(now: moment) } == nil)
        let ended = try await bench.ledger("second").update(second) { $0.ended(now: moment) }
        #expect(ended?.status == .complete)
        #expect(try await bench.ledger("second").renew(second) == nil)
    }

    @Test("A holder whose clock jumps by an hour keeps its job", arguments: [3600.0, -3600])
    func survivesJump(seconds: Double) async throws {
        try await bench.storeJob()
        let claim = try #require(try await claim("worker"))
        bench.clock.advance(by: seconds)
        let renewed = try await bench.ledger("worker").renew(claim)
        #expect(renewed?.lease?.until == bench.clock.now + 60)
        #expect(renewed?.attempt == 1)
    }

    @Test("A lease from a clock that is an hour ahead holds nobody up for an hour")
    func ignoresImpossibleLease() async throws {
        try await bench.storeJob()
        bench.clock.advance(by: 3600)
        _ = try await claim("ahead")
        bench.clock.advance(by: -3600)
        #expect(try await claim("right")?.attempt == 2)
    }

    @Test("A waiting job is cancelled at once, and what its message then finds is over")
    func cancelsWaiting() async throws {
        try await bench.storeJob(outputs: ["a.mp4", "b.mp4"])
        let job = try await bench.ledger().cancel(id)
        #expect(job.status == .canceled)
        #expect(job.outputs.map(\.status) == [.canceled, .canceled])
        #expect(try await bench.ledger().claim(id) == .over(job))
    }

    @Test("A running job is asked to end; once its worker is dead it is cancelled at once")
    func cancelsRunning() async throws {
        try await bench.storeJob()
        _ = try await claim("worker")
        let asked = try await bench.ledger("somebody").cancel(id)
        #expect(asked.status == .progressing)
        #expect(asked.isCancelRequested)
        bench.clock.advance(by: 61)
        let job = try await bench.ledger("somebody").cancel(id)
        #expect(job.status == .canceled)
        #expect(job.lease == nil)
    }

    @Test("Whoever claims a job whose end was asked for ends it")
    func endsWhatWasAskedFor() async throws {
        try await bench.storeJob()
        _ = try await claim("worker")
        _ = try await bench.ledger("somebody").cancel(id)
        bench.clock.advance(by: 61)
        guard case .over(let job) = try await bench.ledger("second").claim(id) else {
            Issue.record("the job was claimed")
            return
        }
        #expect(job.status == .canceled)
        #expect(job.attempt == 1)
    }

    @Test("A job that has ended cannot be cancelled", arguments: [JobStatus.complete, .error, .canceled])
    func refusesCancel(status: JobStatus) async throws {
        try await bench.storeJob()
        let claim = try #require(try await claim("worker"))
        _ = try await bench.ledger("worker").update(claim) { job in
            var job = job
            job.status = status
            return job
        }
        await #expect { try await bench.ledger().cancel(id) } throws: { error in
            (error as? BackendError)?.code == .conflict
        }
        await #expect { try await bench.ledger().cancel("1790000000000-bbbbbb") } throws: { error in
            (error as? BackendError)?.code == .notFound
        }
    }

    @Test("Only a job that was given up is opened again, and only once")
    func reopens() async throws {
        try await bench.storeJob()
        let claim = try #require(try await claim("worker"))
        let moment = bench.clock.now
        let error = JobError(code: "unavailable", message: "no", isRetryable: true)
        let givenUp = try #require(
            try await bench.ledger("worker").update(claim) { $0.ended(now: moment, error: error) }
        )
        #expect(givenUp.isGivenUp)
        try await bench.ledger().reopen(givenUp)
        let open = try #require(try await bench.jobs().first)
        #expect(open.status == .submitted)
        #expect(open.outputs.map(\.status) == [.submitted])
        #expect(open.failureCount == 0 && open.error == nil && !open.isSettled && open.finished == nil)
        try await bench.ledger().reopen(givenUp)
        #expect(try await bench.jobs().first == open)
    }
}

@Suite("The life of a job")
struct JobTransitionsTests {
    private let moment = Date(timeIntervalSince1970: 1_790_000_000)
    private let passing = JobError(code: "unavailable", message: "no", isRetryable: true)
    private let lasting = JobError(code: "input.damaged", message: "no", isRetryable: false)

    private func claimed(_ outputs: [String] = ["a", "b"]) -> Job {
        WorkerBench.job(outputs: outputs).claimed(by: "w", now: moment, seconds: 60)
    }

    @Test("A claim raises the attempt, keeps the first start, and begins what is not made yet")
    func claims() {
        var job = claimed()
        job.outputs[0].status = .complete
        job.outputs[1].status = .progressing
        let again = job.putBack(after: passing).claimed(by: "x", now: moment + 9, seconds: 60)
        #expect(again.attempt == 2)
        #expect(again.started == moment)
        #expect(again.lease == Job.Lease(owner: "x", until: moment + 69))
        #expect(again.outputs.map(\.status) == [.complete, .submitted])
        #expect(!again.isHeld(by: job))
    }

    @Test("Being put back counts as a failure only if there was one")
    func putsBack() {
        let stopped = claimed().putBack(after: nil)
        #expect(stopped.status == .submitted && stopped.lease == nil && stopped.failureCount == 0)
        let failed = claimed().putBack(after: passing)
        #expect(failed.failureCount == 1 && failed.error == passing)
    }

    @Test("A job ends as its outputs did: one that failed makes it fail")
    func ends() {
        var job = claimed()
        job.outputs[0].status = .complete
        job.outputs[1].status = .complete
        #expect(job.ended(now: moment).status == .complete)
        job.outputs[1].status = .error
        job.outputs[1].error = lasting
        let failed = job.ended(now: moment)
        #expect(failed.status == .error && failed.error == lasting && !failed.isGivenUp)
        #expect(failed.outputs.map(\.status) == [.complete, .error])
    }

    @Test("What ends a job ends the outputs that are not made, and no others")
    func endsEarly() {
        var job = claimed()
        job.outputs[0].status = .complete
        #expect(job.ended(now: moment, error: passing).outputs.map(\.status) == [.complete, .error])
        #expect(job.canceled(now: moment, reason: nil).outputs.map(\.status) == [.complete, .canceled])
    }

    @Test("Opened again, a job tries what failed for reasons that pass, and keeps what failed for good")
    func reopens() {
        var job = claimed(["a", "b", "c"])
        job.outputs[0].status = .complete
        job.outputs[1].status = .error
        job.outputs[1].error = lasting
        let again = job.ended(now: moment, error: passing).reopened()
        #expect(again.status == .submitted)
        #expect(again.outputs.map(\.status) == [.complete, .error, .submitted])
    }
}
