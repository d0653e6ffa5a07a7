import Foundation
import Jobs
import LocalBackend
import Logging
import TestMedia
import Testing

@Suite("Watching folders")
struct FolderWatchTests {
    private struct Fixture {
        let files: StoreFixture
        let clock = ManualClock()
        let database: LocalDatabase
        let queue: SQLiteJobQueue
        let folders: [WatchedFolder]
        let watch: FolderWatch

        init(_ folders: [WatchedFolder]? = nil) async throws {
            files = try await StoreFixture()
            database = try await LocalDatabase.open(files.data)
            queue = SQLiteJobQueue(database, clock: clock.wallClock)
            self.folders = folders ?? [WatchedFolder(bucket: "media", excludedPrefixes: ["output/"])]
            watch = Self.watch(self.folders, files, database, clock)
        }

        static func watch(
            _ folders: [WatchedFolder],
            _ files: StoreFixture,
            _ database: LocalDatabase,
            _ clock: ManualClock
        ) -> FolderWatch {
            FolderWatch(
                folders,
                store: files.store,
                database: database,
                clock: clock.wallClock,
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        /// As if the program had ended and started again.
        func restarted() -> FolderWatch { Self.watch(folders, files, database, clock) }

        func drop(_ path: String, _ text: String = "x") throws {
            let url = files.bucket.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }

        /// Looks, lets `seconds` pass and looks again; returns how many files were announced.
        func look(_ seconds: Double = 2, _ watch: FolderWatch? = nil) async throws -> Int {
            let watch = watch ?? self.watch
            let before = try await watch.look()
            clock.advance(by: seconds)
            return try await before + watch.look()
        }

        /// The keys of the events in the queue as S3 spells them, taken from it.
        func keys() async throws -> [String] {
            try await events().compactMap { (($0["s3"] as? [String: Any])?["object"] as? [String: Any]) }
                .compactMap { $0["key"] as? String }.sorted()
        }

        func events() async throws -> [[String: Any]] {
            var events: [[String: Any]] = []
            while case let messages = try await queue.receive(limit: 10, wait: 0, visibility: 60),
                !messages.isEmpty
            {
                for message in messages {
                    let json = try JSONSerialization.jsonObject(with: Data(message.body.utf8))
                    events += (json as? [String: Any])?["Records"] as? [[String: Any]] ?? []
                    try await queue.delete(message)
                }
            }
            return events
        }
    }

    @Test("A file is announced once, when it has been still for two seconds")
    func announcesOnce() async throws {
        let fixture = try await Fixture()
        try fixture.drop("input/a b.mp4")
        #expect(try await fixture.look(1.9) == 0)
        fixture.clock.advance(by: 0.1)
        #expect(try await fixture.watch.look() == 1)
        #expect(try await fixture.keys() == ["input/a+b.mp4"])
        #expect(try await fixture.look() == 0)
        #expect(try await fixture.look(2, fixture.restarted()) == 0)
        #expect(try await fixture.keys().isEmpty)
    }

    @Test("A file that is still growing waits until it has stopped")
    func waitsForStillness() async throws {
        let fixture = try await Fixture()
        for size in 1...5 {
            try fixture.drop("a.mp4", String(repeating: "x", count: size))
            #expect(try await fixture.look(1) == 0)
        }
        #expect(try await fixture.look(1) == 1)
    }

    @Test("A file that is replaced is announced again, and so is one that comes back")
    func announcesChanges() async throws {
        let fixture = try await Fixture()
        try fixture.drop("a.mp4", "1")
        #expect(try await fixture.look() == 1)
        try fixture.drop("a.mp4", "22")
        #expect(try await fixture.look() == 1)
        let file = fixture.files.bucket.appendingPathComponent("a.mp4")
        let elsewhere = fixture.files.workspace.url("a.mp4")
        try FileManager.default.moveItem(at: file, to: elsewhere)
        #expect(try await fixture.look() == 0)
        try FileManager.default.moveItem(at: elsewhere, to: file)
        #expect(try await fixture.look() == 1)
        let sequencers = try await fixture.events()
            .compactMap { ($0["s3"] as? [String: Any])?["object"] as? [String: Any] }
            .compactMap { $0["sequencer"] as? String }
        #expect(sequencers.count == 3 && sequencers.allSatisfy { $0.count == 16 })
        #expect(sequencers == sequencers.sorted() && Set(sequencers).count == 3)
    }

    @Test("An older file that takes the place of a newer one counts as the newer version")
    func ordersByArrival() async throws {
        let fixture = try await Fixture()
        try fixture.drop("a.mp4", "new")
        _ = try await fixture.look()
        let old = fixture.files.workspace.url("old.mp4")
        try Data("old".utf8).write(to: old)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)],
            ofItemAtPath: old.path
        )
        #expect(rename(old.path, fixture.files.bucket.appendingPathComponent("a.mp4").path) == 0)
        _ = try await fixture.look()
        let sequencers = try await fixture.events()
            .compactMap { ($0["s3"] as? [String: Any])?["object"] as? [String: Any] }
            .compactMap { $0["sequencer"] as? String }
        #expect(sequencers.count == 2 && Sequencer.isOlder(sequencers[0], than: sequencers[1]))
    }

    @Test("Outputs, unfinished downloads and hidden files are not announced")
    func skipsOthers() async throws {
        let fixture = try await Fixture()
        for path in [
            "output/a.mp4", ".a.mp4", "input/.hidden/a.mp4", "a.mp4.part", "a.tmp", "b.CRDOWNLOAD", "a.b.tmp",
        ] { try fixture.drop(path) }
        try await fixture.files.store.write(
            Data([1]),
            to: fixture.files.location("elsewhere.mp4"),
            attributes: ObjectAttributes(contentType: "video/mp4", metadata: ["recast-job": "1-a"]),
            condition: .none
        )
        try fixture.drop("part.mp4")
        #expect(try await fixture.look() == 1)
        #expect(try await fixture.keys() == ["part.mp4"])
    }

    @Test("An object written through the store is announced at once, and only once")
    func announcesAtOnce() async throws {
        let fixture = try await Fixture()
        let location = fixture.files.location("upload.mp4")
        #expect(await code { try await fixture.watch.announce(location) } == .notFound)
        try await fixture.files.put("upload.mp4", "x")
        #expect(try await fixture.watch.announce(location))
        #expect(try await !fixture.watch.announce(location))
        #expect(try await fixture.keys() == ["upload.mp4"])
        #expect(try await fixture.look() == 0)
        // Should the announcement have been lost with its process, the next look makes up for it.
        try await fixture.files.put("forgotten.mp4", "x")
        #expect(try await fixture.look() == 1)
        try await fixture.files.put("output/x.mp4", "x")
        #expect(try await !fixture.watch.announce(fixture.files.location("output/x.mp4")))
    }

    @Test("The event has the members and the spelling of S3's")
    func spellsEvents() async throws {
        let fixture = try await Fixture([WatchedFolder(bucket: "media", prefix: "input/")])
        let name = "input/a b+c%2B (1)é~*.mp4"
        try fixture.drop(name, "12345")
        try fixture.drop("not-watched.mp4")
        #expect(try await fixture.look() == 1)
        let message = try #require(
            try await fixture.queue.receive(limit: 1, wait: 0, visibility: 60).first
        )
        let script = """
            import json, sys, urllib.parse
            record = json.loads(sys.argv[1])["Records"][0]
            item = record["s3"]["object"]
            assert urllib.parse.unquote_plus(item["key"], errors="strict") == sys.argv[2], item["key"]
            assert item["size"] == 5 and item["eTag"] == sys.argv[3] and int(item["sequencer"], 16) > 0
            assert record["s3"]["bucket"]["name"] == "media"
            print(record["eventVersion"], record["eventSource"], record["eventName"], record["eventTime"], item["key"])
            """
        let eTag = try await fixture.files.store.head(fixture.files.location(name)).eTag
        let output = try Tool("python3").output(["-c", script, message.body, name, eTag])
        #expect(
            String(decoding: output, as: UTF8.self)
                == "2.1 recast:folder ObjectCreated:Put 2023-11-14T22:13:22.000Z "
                + "input/a+b%2Bc%252B+%281%29%C3%A9%7E*.mp4\n"
        )
    }

    @Test("Two watchers of one folder send one event")
    func isAnnouncedByOne() async throws {
        let fixture = try await Fixture()
        let other = Fixture.watch(
            fixture.folders,
            fixture.files,
            try await LocalDatabase.open(fixture.files.data),
            fixture.clock
        )
        for number in 0..<120 { try fixture.drop("\(number).mp4") }
        _ = try await (fixture.watch.look(), other.look())
        fixture.clock.advance(by: 2)
        async let first = fixture.watch.look()
        async let second = other.look()
        #expect(try await first + second == 120)
        #expect(try await fixture.keys().count == 120)
    }

    @Test("It looks until it is cancelled, and again after a failure")
    func runs() async throws {
        let fixture = try await Fixture()
        let moved = fixture.files.workspace.url("moved")
        try FileManager.default.moveItem(at: fixture.files.bucket, to: moved)
        let task = Task { await fixture.watch.run() }
        await fixture.clock.waitForSleeper()
        try FileManager.default.moveItem(at: moved, to: fixture.files.bucket)
        try fixture.drop("a.mp4")
        for _ in 0..<3 {
            fixture.clock.advance(by: 1)
            await fixture.clock.waitForSleeper()
        }
        #expect(try await fixture.keys() == ["a.mp4"])
        task.cancel()
        await task.value
    }
}
