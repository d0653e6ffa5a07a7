import Foundation
import Jobs
import LocalBackend
import TestMedia
import Testing

@Suite("Several processes, killed ones among them")
struct ProcessTests {
    private static let probe: Tool = {
        let folders = [
            URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent(),
            Bundle.main.bundleURL,
            Samples.packageRoot.appendingPathComponent(".build/debug"),
        ]
        let paths = folders.map { $0.appendingPathComponent("LocalProbe").path }
        return Tool(paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? paths[2])
    }()

    @Test(
        "A process killed while it writes leaves a whole object, and nothing else after the next start",
        arguments: ["write", "upload"]
    )
    func survivesKills(command: String) async throws {
        let fixture = try await StoreFixture()
        var random = SplitMix(state: 7)
        for _ in 0..<8 {
            let process = try Self.probe.start([command, fixture.data.url.path])
            // Killed at some time after some of its writes: in the middle of the next.
            let writes = Int.random(in: 1...6, using: &random)
            #expect(process.wait(limit: 60) { process.outputText.split(separator: "\n").count >= writes })
            let result = try process.finish(limit: Double.random(in: 0...0.01, using: &random))
            #expect(result.wasSignalled, "\(result.errorText)")
            let location = fixture.location("folder/object")
            let data = try await fixture.store.read(location, range: 0..<1 << 21, eTag: nil)
            #expect(data.count == 1 << 20 && Set(data).count == 1)
            #expect(try await fixture.store.head(location).metadata == ["recast-job": "1-a"])
            #expect(try await fixture.keys() == ["folder/object"])
            try await fixture.store.removeAbandoned()
            #expect(fixture.leftovers().isEmpty)
        }
        #expect(try fixture.files() == ["folder/object"])
    }

    /// Whether a file system of our own can be mounted, as an ordinary user may on most machines.
    private static let canMount = (try? Tool("unshare").run(["-Urm", "true"]).status) == 0

    @Test(
        "A full disk is reported as such, and nothing half written stays",
        .enabled(if: canMount),
        // Full to the last byte, and with room for a little more.
        arguments: ["10m", "10700k"]
    )
    func reportsFullDisk(size: String) throws {
        let workspace = try Workspace()
        let folder = try workspace.subfolder("data")
        let script = #"mount -t tmpfs -o size="$1" none "$2" && exec "$3" fill "$2""#
        let arguments = ["-Urm", "sh", "-c", script, "sh", size, folder.path, Self.probe.path]
        let result = try Tool("unshare").run(arguments)
        let full = "No space left on device [unavailable]"
        let expected = ["could not write media/", "left 0", "could not write media/folder/object", "left 0"]
        let lines = result.outputLines.filter { Int($0) == nil }
        #expect(lines.count == 4, "\(result.outputText) \(result.errorText)")
        for (line, beginning) in zip(lines, expected) {
            #expect(line.hasPrefix(beginning) && (line.hasSuffix(full) || line == "left 0"))
        }
        #expect(result.outputLines.contains { Int($0) ?? 0 > 5 })
    }

    @Test("Three processes share 120 messages: none lost, none twice")
    func sharesMessages() async throws {
        let workspace = try Workspace()
        let data = DataFolder(workspace.folder)
        let queue = SQLiteJobQueue(try await LocalDatabase.open(data))
        let bodies = (0..<120).map(String.init)
        for body in bodies { try await queue.send(body, delay: 0) }
        let processes = try (0..<3).map { _ in try Self.probe.start(["receive", data.url.path]) }
        let received = try processes.flatMap { process in
            let result = try process.finish()
            #expect(result.status == 0, "\(result.errorText)")
            return result.outputLines
        }
        #expect(received.sorted() == bodies.sorted())
        #expect(try await queue.depth() == QueueDepth(visible: 0, inFlight: 0, dead: 0))
    }

    @Test("Changes of one job by three processes: each is made on top of the one before")
    func comparesRevisions() async throws {
        let workspace = try Workspace()
        let data = DataFolder(workspace.folder)
        let store = SQLiteMetadataStore(try await LocalDatabase.open(data))
        let job = Job(
            id: "1700000000000-abcdef",
            pipelineID: "p",
            identity: nil,
            origin: .api,
            input: Job.Input(bucket: "media", key: "a"),
            outputBucket: "media",
            outputKeyPrefix: "",
            outputs: [],
            submitted: Date(timeIntervalSince1970: 0)
        )
        _ = try await store.insert(job)
        let processes = try (0..<3).map { _ in try Self.probe.start(["claim", data.url.path]) }
        for process in processes { #expect(try process.finish().outputLines == ["100"]) }
        let last = try await store.job(job.id)
        #expect(last?.attempt == 300 && last?.revision == 301)
    }
}
