import Foundation
import TestMedia
import TestServers
import Testing

/// `recast serve` with a data folder of its own, and one user.
struct ServedProgram {
    let workspace: Workspace
    let address: String
    private let program: RunningTool

    static func start() throws -> ServedProgram {
        let workspace = try Workspace()
        let data = workspace.url("data").path
        let added = try Tool.recast.start(
            ["user", "add", "edu", "--password-stdin", "--data", data],
            input: Data("geheim\n".utf8)
        ).finish()
        guard added.status == 0 else { throw Failure(description: added.errorText) }
        let program = try Tool.recast.start(["serve", "--listen", "127.0.0.1:0", "--data", data])
        let line = #/listening on (http:\S+)/#
        guard program.wait(limit: 60, until: { program.outputText.contains(line) }),
            let address = program.outputText.firstMatch(of: line)
        else {
            program.kill()
            throw Failure(description: program.errorText)
        }
        return ServedProgram(workspace: workspace, address: String(address.1), program: program)
    }

    struct Failure: Error { let description: String }

    /// Stops the program as whoever runs services does.
    func stop() throws -> Tool.Result {
        program.terminate()
        return try program.finish(limit: 60)
    }
}

@Suite("The page in a browser")
struct PageTests {
    private static let hasChromium = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test(
        "Somebody signs in, uploads, watches, plays, reads an error, cancels, filters and signs out",
        .enabled(if: hasChromium, "Debian's Chromium is not installed")
    )
    func everything() async throws {
        let served = try ServedProgram.start()
        let seen: JSON
        do {
            seen = try await Self.drive(served)
        } catch {
            _ = try served.stop()
            throw error
        }
        let result = try served.stop()
        #expect(result.status == 0, "\(result.errorText)")
        Self.check(seen)
        #expect(seen["problems"]?.elements.isEmpty == true, "\(String(describing: seen["problems"]))")
        #expect(seen["strangeImages"] == 0)
        #expect(seen["strange"]?.elements.count == 1)
        #expect(seen["injected"] == false)
        #expect(seen["afterSignOut"] == 401)
    }

    private static func check(_ seen: JSON) {
        #expect(seen["wrongPassword"] == "Name or password is not right.")
        #expect(seen["user"] == "edu")
        // Some steps of the progress were shown, and each was more than the one before.
        #expect((seen["progress"]?.elements.count ?? 0) >= 2, "\(String(describing: seen["progress"]))")
        #expect(seen["refused"] == "The file is empty.")
        #expect(seen["refusedActions"] == ["Remove"])
        #expect(seen["filtersOutside"] == 0)
        #expect(seen["played"]?["width"] == 1280)
        #expect(seen["played"]?["height"] == 720)
        #expect(seen["saved"]?.string?.hasSuffix("%") == true)
        for word in ["Before", "After", "1920 × 1080", "1280 × 720", "h264", "aac", "Likeness"] {
            #expect(seen["details"]?.string?.contains(word) == true, "\(word)")
        }
        #expect(seen["focusInDetails"] == "details-close")
        #expect(seen["focusAfterDetails"] == "clip.mp4")
        #expect(seen["reason"]?.string?.contains("[input.") == true, "\(String(describing: seen["reason"]))")
        #expect(seen["errorActions"] == "Try again")
        #expect(seen["cancelled"] == "Cancelled")
        #expect(seen["failed"] == ["broken.mp4", "<img src=x onerror=alert(1)>.txt"])
        #expect(seen["found"] == ["clip.mp4"])
        for name in ["desktop light", "desktop dark", "phone light", "phone dark"] {
            #expect(seen["overflow"]?[name] == 0, "\(name) scrolls sideways")
        }
    }

    /// Makes the files and has the script use the page.
    private static func drive(_ served: ServedProgram) async throws -> JSON {
        let folder = served.workspace.url("media")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, seconds) in [("clip", 8), ("long", 60)] {
            try Tool.ffmpeg.output([
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=\(seconds)",
                "-f",
                "lavfi", "-i", "sine=duration=\(seconds)", "-c:v", "libx264", "-preset", "ultrafast", "-c:a",
                "aac", "-shortest", folder.appendingPathComponent("\(name).mp4").path,
            ])
        }
        let whole = try Data(contentsOf: folder.appendingPathComponent("clip.mp4"))
        try whole.prefix(20_000).write(to: folder.appendingPathComponent("broken.mp4"))
        try Data().write(to: folder.appendingPathComponent("empty.mp4"))
        // A name that would be an image, if it were taken for more than text.
        let strange = served.workspace.url("data/buckets/media/<img src=x onerror=alert(1)>.txt")
        try Data("no video".utf8).write(to: strange)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "page.py"
        )
        let result = try await Python.run(script.path, [served.address, folder.path], limit: 420)
        guard result.status == 0 else { throw ServedProgram.Failure(description: result.errorText) }
        if let keep = ProcessInfo.processInfo.environment["PAGE_SCREENSHOTS"] {
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where file.hasSuffix("png") {
                let target = URL(fileURLWithPath: keep).appendingPathComponent(file)
                try? FileManager.default.removeItem(at: target)
                try FileManager.default.copyItem(at: folder.appendingPathComponent(file), to: target)
            }
        }
        return try JSON(text: result.outputText)
    }
}
