import Foundation
import Jobs
import LocalBackend
import TestMedia
import Testing

@Suite("A worker whose objects are files")
struct WorkerFolderTests {
    @Test(
        "Keys of every spelling get exactly their outputs, and no file outside the data folder",
        arguments: ["a b+c%2B.mp4", "../x.mp4", "../../../x.mp4", "é€😀.mp4", "a//b/./c.mp4", "/etc/x.mp4"]
    )
    func keepsKeys(key: String) async throws {
        let workspace = try Workspace()
        let folder = try workspace.subfolder("data")
        let objects = FolderObjectStore(DataFolder(folder))
        try await objects.makeBucket("media")
        var bench = WorkerBench()
        bench.objects = objects
        try await bench.send(try await bench.upload("input", key))
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.status) == [.complete])
        let keys = try await objects.list(bucket: "media", prefix: "", after: nil, limit: 100).items.map(
            \.key
        )
        #expect(Set(keys.map { Array($0.utf8) }) == Set([key, "output/web/\(key)"].map { Array($0.utf8) }))
        #expect(try await bench.bytes("output/web/\(key)") == bench.engine.output(of: Data("input".utf8)))
        #expect(contents(of: workspace.folder) == ["data"])
        let uploads = FileManager.default.subpaths(atPath: DataFolder(folder).uploads.path) ?? []
        #expect(uploads.filter { !$0.hasSuffix("/") } == [])
    }

    @Test("A client's job does not touch a file that is there")
    func refusesToReplace() async throws {
        let workspace = try Workspace()
        let folder = DataFolder(try workspace.subfolder("data"))
        let objects = FolderObjectStore(folder)
        try await objects.makeBucket("media")
        var bench = WorkerBench()
        bench.objects = objects
        _ = try await bench.upload("input", "a.mp4")
        let file = folder.url.appendingPathComponent("buckets/media/output/web/a.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data("precious".utf8).write(to: file)
        let job = try await bench.storeJob(origin: .api, sequencer: nil)
        try await bench.send(JobEvent.message(forJob: job.id))
        await bench.runWorker()
        #expect(try await bench.jobs().map(\.error?.code) == ["output.exists"])
        #expect(try Data(contentsOf: file) == Data("precious".utf8))
        #expect(bench.engine.runs.isEmpty)
    }
}
