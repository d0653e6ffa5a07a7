import Foundation
import Jobs
import LocalBackend
import TestMedia
import Testing

@Suite("The queue in SQLite")
struct SQLiteJobQueueTests {
    private struct Fixture {
        let workspace: Workspace
        let data: DataFolder
        let clock = ManualClock()
        let queue: SQLiteJobQueue

        init() async throws {
            workspace = try Workspace()
            data = DataFolder(workspace.folder)
            queue = SQLiteJobQueue(try await LocalDatabase.open(data), clock: clock.wallClock)
        }

        func receive(limit: Int = 10, visibility: Double = 60) async throws -> [QueueMessage] {
            try await queue.receive(limit: limit, wait: 0, visibility: visibility)
        }

        /// What another program makes of the database.
        func sqlite(_ statement: String) throws -> [String] { try query(data, statement) }
    }

    @Test("A message is delivered, hidden, and delivered again once its time is over")
    func redelivers() async throws {
        let fixture = try await Fixture()
        try await fixture.queue.send("hello", delay: 0)
        let first = try #require(try await fixture.receive().first)
        #expect(first.body == "hello" && first.receiveCount == 1 && first.sent == fixture.clock.now)
        #expect(try await fixture.receive().isEmpty)
        fixture.clock.advance(by: 59.9)
        #expect(try await fixture.receive().isEmpty)
        fixture.clock.advance(by: 0.1)
        let second = try #require(try await fixture.receive().first)
        #expect(second.id == first.id && second.receiveCount == 2 && second.receipt != first.receipt)
        #expect(await code { try await fixture.queue.extend(first, visibility: 60) } == .notFound)
        #expect(await code { try await fixture.queue.deadLetter(first, Self.letter("hello")) } == .notFound)
        // Who has lost a message must not take it from its new owner.
        try await fixture.queue.delete(first)
        fixture.clock.advance(by: 30)
        try await fixture.queue.extend(second, visibility: 60)
        fixture.clock.advance(by: 59)
        #expect(try await fixture.receive().isEmpty)
        try await fixture.queue.extend(second, visibility: 0)
        let third = try #require(try await fixture.receive().first)
        #expect(third.receiveCount == 3)
        try await fixture.queue.delete(third)
        try await fixture.queue.delete(third)
        fixture.clock.advance(by: 1000)
        #expect(try await fixture.receive().isEmpty)
    }

    @Test("A delayed message comes when its delay is over")
    func delays() async throws {
        let fixture = try await Fixture()
        try await fixture.queue.send("later", delay: 900)
        #expect(try await fixture.receive().isEmpty)
        fixture.clock.advance(by: 900)
        #expect(try await fixture.receive().map(\.body) == ["later"])
    }

    @Test("Who waits is woken by a message of this process, without time passing")
    func wakes() async throws {
        let fixture = try await Fixture()
        async let received = fixture.queue.receive(limit: 1, wait: 20, visibility: 60)
        await fixture.clock.waitForSleeper()
        try await fixture.queue.send("now", delay: 0)
        #expect(try await received.map(\.body) == ["now"])
    }

    @Test("Who waits finds a message of another process after at most 200 milliseconds")
    func polls() async throws {
        let fixture = try await Fixture()
        async let received = fixture.queue.receive(limit: 1, wait: 20, visibility: 60)
        await fixture.clock.waitForSleeper()
        _ = try fixture.sqlite("INSERT INTO messages (id, body, sent, visibleAt) VALUES ('x', 'other', 0, 0)")
        fixture.clock.advance(by: 0.2)
        #expect(try await received.map(\.body) == ["other"])
    }

    @Test("Waiting ends in time, and at once when the task is cancelled")
    func stopsWaiting() async throws {
        let fixture = try await Fixture()
        async let received = fixture.queue.receive(limit: 1, wait: 0.3, visibility: 60)
        await fixture.clock.waitForSleeper()
        fixture.clock.advance(by: 0.3)
        #expect(try await received.isEmpty)
        let task = Task { try await fixture.queue.receive(limit: 1, wait: 20, visibility: 60) }
        await fixture.clock.waitForSleeper()
        task.cancel()
        #expect(try await task.value.isEmpty)
    }

    private static func letter(_ body: String) -> DeadLetter {
        DeadLetter(body: body, code: "denied", message: "no", jobID: "1-a")
    }

    @Test("Dead letters keep body and reason, and come back as they were")
    func keepsDeadLetters() async throws {
        let fixture = try await Fixture()
        for body in ["a", "b"] { try await fixture.queue.send(body, delay: 0) }
        for message in try await fixture.receive() {
            try await fixture.queue.deadLetter(message, Self.letter(message.body))
            // The answer may have been lost: doing it again changes nothing, and deleting does not undo it.
            try await fixture.queue.deadLetter(message, Self.letter(message.body))
            try await fixture.queue.delete(message)
            fixture.clock.advance(by: 1)
        }
        #expect(try await fixture.queue.deadLetters(limit: 10) == ["a", "b"].map(Self.letter))
        #expect(try await fixture.queue.deadLetters(limit: 1).count == 1)
        fixture.clock.advance(by: 1000)
        #expect(try await fixture.receive().isEmpty)
        #expect(try await fixture.queue.redrive(limit: 1) == 1)
        #expect(try await fixture.receive().map { "\($0.body)\($0.receiveCount)" } == ["a1"])
        #expect(try await fixture.queue.redrive(limit: 10) == 1)
        #expect(try await fixture.queue.redrive(limit: 10) == 0)
    }

    @Test("The depth tells visible, hidden and dead messages apart")
    func measuresDepth() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.queue.depth() == QueueDepth(visible: 0, inFlight: 0, dead: 0))
        for body in ["a", "b", "c", "d"] { try await fixture.queue.send(body, delay: 0) }
        let messages = try await fixture.receive(limit: 2)
        try await fixture.queue.deadLetter(messages[0], Self.letter("a"))
        fixture.clock.advance(by: 5)
        let depth = try await fixture.queue.depth()
        #expect(depth == QueueDepth(visible: 2, inFlight: 1, dead: 1, oldestAge: 5))
    }

    @Test("Numbers out of range are refused")
    func checksNumbers() async throws {
        let fixture = try await Fixture()
        let queue = fixture.queue
        for delay in [-1, 901, Double.nan, .infinity] {
            #expect(await code { try await queue.send("x", delay: delay) } == .invalid)
        }
        for (limit, wait, visibility) in [(0, 0, 1.0), (11, 0, 1), (1, 21, 1), (1, 0, -1), (1, 0, .nan)] {
            #expect(
                await code {
                    _ = try await queue.receive(limit: limit, wait: Double(wait), visibility: visibility)
                } == .invalid
            )
        }
    }

    @Test("Eight receivers on connections of their own share 200 messages: none lost, none twice")
    func sharesMessages() async throws {
        let fixture = try await Fixture()
        let bodies = (0..<200).map(String.init)
        try await withThrowingTaskGroup { group in
            for body in bodies { group.addTask { try await fixture.queue.send(body, delay: 0) } }
            try await group.waitForAll()
        }
        let received = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let database = try await LocalDatabase.open(fixture.data)
                    let queue = SQLiteJobQueue(database, clock: fixture.clock.wallClock)
                    var received: [String] = []
                    while true {
                        let messages = try await queue.receive(limit: 3, wait: 0, visibility: 60)
                        guard !messages.isEmpty else { return received }
                        received += messages.map(\.body)
                        for message in messages { try await queue.delete(message) }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(received.sorted() == bodies.sorted())
        #expect(try await fixture.queue.depth() == QueueDepth(visible: 0, inFlight: 0, dead: 0))
    }

    @Test("Another process may take messages at the same time: still none lost, none twice")
    func sharesWithProcesses() async throws {
        let fixture = try await Fixture()
        let bodies = (0..<200).map(String.init)
        for body in bodies { try await fixture.queue.send(body, delay: 0) }
        let script = """
            import os, sqlite3, sys, time
            base = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
            while True:
                base.execute("BEGIN IMMEDIATE")
                row = base.execute("SELECT number, body FROM messages WHERE receipt IS NULL LIMIT 1").fetchone()
                if row: base.execute("UPDATE messages SET receipt = 'p', visibleAt = 9e9 WHERE number = ?", row[:1])
                base.execute("COMMIT")
                if not row: break
                print(row[1], flush=True)
                while not os.path.exists(sys.argv[2]): time.sleep(0.001)
            """
        let signal = fixture.workspace.url("go")
        let other = try Tool("python3").start(["-c", script, fixture.data.database.path, signal.path])
        #expect(other.wait(limit: 20) { other.outputByteCount > 0 })
        // Both have had some before they race for the rest.
        var received = try await fixture.receive(limit: 2).map(\.body)
        try Data().write(to: signal)
        while case let messages = try await fixture.receive(limit: 2), !messages.isEmpty {
            received += messages.map(\.body)
        }
        let result = try other.finish()
        #expect(result.status == 0, "\(result.errorText)")
        #expect((received + result.outputLines).sorted() == bodies.sorted())
        #expect(!received.isEmpty && !result.outputLines.isEmpty)
    }

    @Test("The database has a write-ahead log, and is sound")
    func isSound() async throws {
        let fixture = try await Fixture()
        try await fixture.queue.send("x", delay: 0)
        #expect(try fixture.sqlite("PRAGMA journal_mode") == ["wal"])
        #expect(try fixture.sqlite("PRAGMA integrity_check") == ["ok"])
        #expect(try fixture.sqlite("SELECT body FROM messages") == ["x"])
    }

    @Test("A writer that never ends is somebody else's busy database, not a failure for ever")
    func reportsBusy() async throws {
        let fixture = try await Fixture()
        let impatient = try await LocalDatabase.open(fixture.data, patience: 0.05)
        let script = """
            import sqlite3, sys, time
            base = sqlite3.connect(sys.argv[1], isolation_level=None); base.execute("BEGIN IMMEDIATE")
            print("ready", flush=True); time.sleep(60)
            """
        let other = try Tool("python3").start(["-c", script, fixture.data.database.path])
        #expect(other.wait(limit: 20) { other.outputByteCount > 0 })
        let queue = SQLiteJobQueue(impatient, clock: fixture.clock.wallClock)
        #expect(await code { try await queue.send("x", delay: 0) } == .unavailable)
        // Readers do not wait for it.
        #expect(try await queue.depth().visible == 0)
        _ = try other.finish(limit: 0)
        try await queue.send("x", delay: 0)
    }

    @Test("Eight processes may open a new database at the same moment")
    func opensTogether() async throws {
        let workspace = try Workspace()
        let data = DataFolder(workspace.folder)
        try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    let queue = SQLiteJobQueue(try await LocalDatabase.open(data))
                    try await queue.send("\(number)", delay: 0)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await SQLiteJobQueue(LocalDatabase.open(data)).depth().visible == 8)
    }

    @Test("What is written by a cancelled task is written")
    func ignoresCancellation() async throws {
        let fixture = try await Fixture()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await fixture.queue.send("last word", delay: 0)
        }
        task.cancel()
        try await task.value
        #expect(try await fixture.receive().map(\.body) == ["last word"])
    }
}
