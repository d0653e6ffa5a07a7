import Foundation
import Jobs
import LocalBackend

/// A process of its own that uses a data folder, for tests that kill it or let it race with others.
@main
struct LocalProbe {
    private let data: DataFolder

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let command = arguments.first, let path = arguments.dropFirst().first else { return usage() }
        let probe = LocalProbe(data: DataFolder(URL(fileURLWithPath: path)))
        switch command {
        case "write": try await probe.write()
        case "upload": try await probe.upload()
        case "fill": await probe.fill()
        case "receive": try await probe.receive()
        case "claim": try await probe.claim()
        default: usage()
        }
    }

    private static func usage() { print("usage: LocalProbe write|upload|fill|receive|claim FOLDER") }

    private func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    private let location = ObjectLocation(bucket: "media", key: "folder/object")
    private let attributes = ObjectAttributes(contentType: "video/mp4", metadata: ["recast-job": "1-a"])

    /// A megabyte of one byte, so that a reader sees whether an object is whole.
    private func content(_ round: Int) -> Data { Data(repeating: UInt8(round % 251), count: 1 << 20) }

    /// Writes one object over and over.
    private func write() async throws {
        let store = FolderObjectStore(data)
        for round in 0..<100_000 {
            try await store.write(content(round), to: location, attributes: attributes, condition: .none)
            say("\(round)")
        }
    }

    /// Writes one object over and over, in parts.
    private func upload() async throws {
        let store = FolderObjectStore(data, minimumPartSize: 1)
        for round in 0..<100_000 {
            let upload = try await store.startUpload(to: location, attributes: attributes)
            let content = content(round)
            try await upload.upload(part: 1, content.prefix(1 << 19))
            try await upload.upload(part: 2, content.suffix(1 << 19))
            _ = try await upload.complete(condition: .none)
            say("\(round)")
        }
    }

    /// Fills the disk with objects, then with parts of one, and says how each of them fails.
    private func fill() async {
        let store = FolderObjectStore(data, minimumPartSize: 1)
        do {
            try await store.makeBucket("media")
            for round in 0..<100_000 {
                let location = ObjectLocation(bucket: "media", key: "\(round)")
                try await store.write(content(round), to: location, attributes: attributes, condition: .none)
                say("\(round)")
            }
        } catch {
            say("\(error)")
        }
        say("left \(leftovers())")
        do {
            let upload = try await store.startUpload(to: location, attributes: attributes)
            do {
                for number in 1...100 { try await upload.upload(part: number, content(0)) }
            } catch {
                say("\(error)")
                try await upload.abort()
            }
        } catch {
            say("\(error)")
        }
        say("left \(leftovers())")
    }

    private func leftovers() -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: data.uploads.path)) ?? []).count
    }

    /// Takes all messages there are and says their bodies.
    private func receive() async throws {
        let queue = SQLiteJobQueue(try await LocalDatabase.open(data))
        while case let messages = try await queue.receive(limit: 3, wait: 0, visibility: 600),
            !messages.isEmpty
        {
            for message in messages {
                say(message.body)
                try await queue.delete(message)
            }
        }
    }

    /// Raises the attempt of one job a hundred times, against all others who do so.
    private func claim() async throws {
        let store = SQLiteMetadataStore(try await LocalDatabase.open(data))
        var count = 0
        while count < 100 {
            guard var job = try await store.job("1700000000000-abcdef") else { return say("there is no job") }
            job.attempt += 1
            do throws(BackendError) {
                _ = try await store.replace(job)
                count += 1
            } catch {
                guard error.code == .conflict else { throw error }
            }
        }
        say("\(count)")
    }
}
