import Foundation
import TestMedia
import TestServers
import Testing

/// Tests of workers that measure time, one after the other: this machine has few cores.
@Suite("Workers as processes of their own", .serialized)
enum WorkTests {}

/// Runs `recast` with settings of its own, and kills what is left of it in the end.
final class Workplace {
    let workspace: Workspace
    /// The whole environment of the programs, but for what every program needs.
    var settings: [String: String]
    private var started: [RunningTool] = []

    /// With a data folder, or with what `settings` say.
    init(_ settings: [String: String] = [:]) throws {
        workspace = try Workspace()
        self.settings = settings
        if settings["RECAST_BACKEND"] == nil { self.settings["RECAST_DATA"] = workspace.path("data") }
        self.settings["RECAST_LOG_FORMAT"] = "json"
        // A file of settings in the current folder is not meant for tests.
        try Data("{}".utf8).write(to: workspace.url("recast.yaml"))
        self.settings["RECAST_CONFIG"] = workspace.path("recast.yaml")
    }

    deinit { for tool in started where tool.isRunning { tool.kill() } }

    private func environment(_ more: [String: String]) -> [String: String] {
        let common = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "TMPDIR"].contains($0.key)
        }
        return common.merging(settings) { $1 }.merging(more) { $1 }
    }

    func start(
        _ arguments: [String],
        _ more: [String: String] = [:],
        input: Data? = nil
    ) throws -> RunningTool {
        let tool = try Tool.recast.start(arguments, environment: environment(more), input: input)
        started.append(tool)
        return tool
    }

    /// Starts some other program in the same surroundings.
    func start(_ program: Tool, _ arguments: [String]) throws -> RunningTool {
        let tool = try program.start(arguments, environment: environment([:]))
        started.append(tool)
        return tool
    }

    /// Runs the program to its end.
    func run(
        _ arguments: [String],
        _ more: [String: String] = [:],
        input: Data? = nil,
        limit: Double = 60
    ) async throws -> Tool.Result {
        try await start(arguments, more, input: input).end(limit: limit)
    }
}

extension RunningTool {
    /// Waits for the end without holding a thread, and kills the program after `limit` seconds.
    func end(limit: Double) async throws -> Tool.Result {
        _ = try await until(limit) { !self.isRunning }
        return try finish(limit: 0.1)
    }

    /// The lines of the log that have this message.
    func logged(_ message: String) -> [JSON] {
        errorText.split(separator: "\n").compactMap { try? JSON(text: String($0)) }
            .filter { $0["message"]?.string == message }
    }
}

/// Asks again and again until the answer is yes or `limit` seconds are over, and returns the last answer.
func until(_ limit: Double, _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(limit)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}

// MARK: - The data folder, as others see it

extension Workplace {
    var data: URL { workspace.url("data") }

    /// The file of an object.
    func file(_ key: String, bucket: String = "media") -> URL {
        data.appendingPathComponent("buckets/\(bucket)/\(key)")
    }

    /// Puts a file into a bucket the way people do.
    func drop(_ path: String, _ key: String) throws {
        let url = file(key)
        let folder = url.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: path, toPath: url.path)
    }

    /// What another program reads in the database: a value a column.
    func rows(_ statement: String) throws -> [JSON] {
        let script = """
            import json, sqlite3, sys
            base = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
            base.row_factory = sqlite3.Row
            print(json.dumps([dict(row) for row in base.execute(sys.argv[2])]))
            """
        let path = data.appendingPathComponent("recast.sqlite").path
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let output = try Tool("python3").output(["-c", script, path, statement])
        return try JSON(text: String(decoding: output, as: UTF8.self)).elements
    }

    /// The jobs, by the keys of their inputs.
    func jobs() throws -> [String: [JSON]] {
        let jobs = try rows("SELECT body FROM jobs ORDER BY id").map { row in
            try JSON(text: row["body"]?.string ?? "")
        }
        return Dictionary(grouping: jobs) { $0["input"]?["key"]?.string ?? "" }
    }

    /// The names of all files below a folder of the data folder, sorted.
    func files(below folder: String) -> [String] {
        let url = data.appendingPathComponent(folder)
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: url.path)) ?? []
        return paths.sorted().filter { path in
            var isFolder: ObjCBool = false
            let whole = url.appendingPathComponent(path).path
            return FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }

    /// The notifications that nobody has sent yet.
    func waitingNotifications() throws -> [JSON] {
        try rows("SELECT id FROM documents WHERE kind = 'notification'")
    }

    /// Expects that the workers have left nothing but outputs: no messages, notifications or unfinished files.
    func expectNothingLeft(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let messages = try rows("SELECT * FROM messages")
        #expect(messages == [], sourceLocation: sourceLocation)
        let waiting = try waitingNotifications()
        #expect(waiting == [], sourceLocation: sourceLocation)
        #expect(files(below: "uploads") == [], sourceLocation: sourceLocation)
        #expect(files(below: "spool") == [], sourceLocation: sourceLocation)
    }

    /// Expects each of these inputs to have one complete job, one notification of its end, its record and a
    /// whole output, and nothing else to be there.
    func expectComplete(
        _ keys: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let jobs = try jobs()
        let ends = try rows("SELECT id FROM notifications WHERE id LIKE '%.2.%'").compactMap {
            $0["id"]?.string
        }
        let records = try rows("SELECT video, transcoding FROM records")
        for key in keys {
            let own = jobs[key] ?? []
            #expect(
                own.compactMap { $0["status"]?.string } == ["Complete"],
                "\(key)",
                sourceLocation: sourceLocation
            )
            let id = own.first?["id"]?.string ?? "?"
            let told = ends.filter { $0.hasPrefix(id) }
            #expect(told == ["\(id).2.completed"], "\(key)", sourceLocation: sourceLocation)
            let record = records.filter { $0["video"]?.string == key }.compactMap {
                $0["transcoding"]?.string
            }
            let states = try record.map { try JSON(text: $0)["status"]?.string }
            #expect(states == ["Complete"], "\(key)", sourceLocation: sourceLocation)
            let output = file("output/web/\(key)").path
            #expect(try Judge.decodeErrors(output) == [], "\(key)", sourceLocation: sourceLocation)
        }
        #expect(files(below: "buckets/media/output/web") == keys.sorted(), sourceLocation: sourceLocation)
    }
}
