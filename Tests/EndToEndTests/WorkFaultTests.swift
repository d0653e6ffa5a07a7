import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("Workers that are stopped, whose engine dies, whose disk is full")
    struct Faults {
        private static let clip = Samples.path("phone-portrait.mp4")

        @Test(
            "SIGTERM in the middle of a job: it is put back, others see it at once, and one of them does it",
            arguments: [(grace: "0", limit: 10.0), ("1", 10.0)]
        )
        func terminates(grace: String, limit: Double) async throws {
            let place = try Workplace(["RECAST_GRACE_PERIOD": grace])
            try place.drop(Self.clip, "a.mp4")
            let first = try place.start(["work"])
            #expect(await signalEngine(of: [first], SIGSTOP) != nil, "\(first.errorText)")
            let engines = first.engines
            let asked = ContinuousClock.now
            first.terminate()
            let end = try await first.end(limit: 20)
            #expect(end.status == 0 && !end.wasSignalled, "\(end.errorText)")
            #expect(end.endTime - asked < .seconds(limit))
            for engine in engines { #expect(!isEngine(engine)) }
            let soon = Date().timeIntervalSince1970 + 1
            let visible = try place.rows("SELECT visibleAt FROM messages").compactMap {
                $0["visibleAt"]?.number
            }
            #expect(visible.count == 1 && visible[0] <= soon)
            #expect(place.files(below: "uploads") == [])

            let second = try await place.run(["work", "--until-empty"])
            #expect(second.status == 0, "\(second.errorText)")
            try place.expectComplete(["a.mp4"])
            try place.expectNothingLeft()
            let job = try #require(try place.jobs()["a.mp4"]?.first)
            // Stopping is no failure of the job's.
            #expect(job["attempt"] == 2 && job["failureCount"] == 0)
        }

        @Test("Within the grace period a job is finished, and no other is begun")
        func finishes() async throws {
            let place = try Workplace()
            for name in ["a.mp4", "b.mp4"] { try place.drop(Self.clip, name) }
            let worker = try place.start(["work"])
            let engine = try #require(await signalEngine(of: [worker], SIGSTOP), "\(worker.errorText)")
            worker.terminate()
            kill(engine, SIGCONT)
            let end = try await worker.end(limit: 20)
            #expect(end.status == 0, "\(end.errorText)")
            #expect(worker.logged("job began").count == 1)
            let states = try place.jobs().values.flatMap { $0 }.compactMap { $0["status"]?.string }
            #expect(states == ["Complete"])
            #expect(try place.rows("SELECT id FROM messages").count == 1)
        }

        @Test("A decoder that crashes is tried once more in a fresh process, and the job is complete")
        func survivesCrash() async throws {
            let place = try Workplace()
            try place.drop(Self.clip, "a.mp4")
            let worker = try place.start(["work", "--until-empty"])
            #expect(await signalEngine(of: [worker], SIGKILL) != nil, "\(worker.errorText)")
            let end = try await worker.end(limit: 60)
            #expect(end.status == 0, "\(end.errorText)")
            #expect(worker.logged("engine crashed, trying once more").count == 1)
            try place.expectComplete(["a.mp4"])
            try place.expectNothingLeft()
            #expect(try place.jobs()["a.mp4"]?.first?["attempt"] == 1)
        }

        @Test("A file on which every decoder crashes is an error after two of them; the next job is complete")
        func givesUpCrashing() async throws {
            let place = try Workplace()
            try place.drop(Self.clip, "a.mp4")
            let worker = try place.start(["work"])
            let first = try #require(await signalEngine(of: [worker], SIGKILL), "\(worker.errorText)")
            let second = await signalEngine(of: [worker], SIGKILL, besides: [first])
            #expect(second != nil, "\(worker.errorText)")
            #expect(try await until(60) { !worker.logged("job ended").isEmpty }, "\(worker.errorText)")
            #expect(worker.logged("engine crashed, trying once more").count == 1)
            try place.drop(Self.clip, "b.mp4")
            #expect(try await until(60) { worker.logged("job ended").count == 2 }, "\(worker.errorText)")
            worker.terminate()
            #expect(try await worker.end(limit: 20).status == 0)
            let jobs = try place.jobs()
            #expect(jobs["a.mp4"]?.compactMap { $0["error"]?["code"]?.string } == ["engine.crashed"])
            #expect(jobs["a.mp4"]?.first?["attempt"] == 1)
            #expect(jobs["b.mp4"]?.compactMap { $0["status"]?.string } == ["Complete"])
            #expect(place.files(below: "buckets/media/output") == ["web/b.mp4"])
            try place.expectNothingLeft()
        }

        // MARK: - Full disks

        /// Whether a file system of our own can be mounted, as an ordinary user may on most machines.
        private static let canMount = (try? Tool("unshare").run(["-Urm", "true"]).status) == 0

        @Test(
            "With the disk full a job waits, nothing half written stays; with room again it is completed",
            .enabled(if: canMount)
        )
        func waitsForRoom() async throws {
            let place = try Workplace()
            try FileManager.default.createDirectory(at: place.data, withIntermediateDirectories: true)
            let script = #"""
                set -e
                data=$1 clip=$2 recast=$3 report=$4
                mount -t tmpfs -o size=6m none "$data"
                mkdir -p "$data/buckets/media"
                cp "$clip" "$data/buckets/media/a.mp4"
                head -c 3000000 /dev/zero > "$data/filler"
                "$recast" work & worker=$!
                trap 'kill -9 $worker' EXIT
                tries=0
                until grep -q "job put back" "$report/log"; do
                    tries=$((tries + 1)); [ $tries -lt 600 ]; sleep 0.1
                done
                find "$data/uploads" -mindepth 1 > "$report/left"
                rm "$data/filler"
                tries=0
                until grep -q "job ended" "$report/log"; do
                    tries=$((tries + 1)); [ $tries -lt 600 ]; sleep 0.1
                done
                kill -TERM $worker
                trap - EXIT
                wait $worker
                cp -r "$data/buckets" "$data/uploads" "$data"/recast.sqlite* "$report/"
                """#
            let report = try place.workspace.subfolder("report")
            let log = #"exec 2> "$4/log"; exec sh -c "$0" sh "$@""#
            let arguments = [
                "-Urm", "sh", "-c", log, script, place.data.path, Self.clip, Tool.recast.path, report.path,
            ]
            let shell = try place.start(Tool("unshare"), arguments)
            let end = try await shell.end(limit: 90)
            let logged =
                (try? String(contentsOf: report.appendingPathComponent("log"), encoding: .utf8)) ?? ""
            try #require(end.status == 0, "\(logged)")
            #expect(try String(contentsOf: report.appendingPathComponent("left"), encoding: .utf8) == "")
            #expect(logged.contains("No space left on device"), "\(logged)")
            for name in contents(of: report) where !["log", "left"].contains(name) {
                try? FileManager.default.removeItem(at: place.data.appendingPathComponent(name))
                let copy = report.appendingPathComponent(name).path
                try FileManager.default.copyItem(
                    atPath: copy,
                    toPath: place.data.appendingPathComponent(name).path
                )
            }
            #expect(place.files(below: "buckets") == ["media/a.mp4", "media/output/web/a.mp4"])
            #expect(try Judge.decodeErrors(place.file("output/web/a.mp4").path) == [])
            let job = try #require(try place.jobs()["a.mp4"]?.first)
            #expect(job["status"] == "Complete" && job["failureCount"]?.number ?? 0 >= 1)
        }

        @Test("recast transcode onto a full disk ends with 6 and leaves nothing", .enabled(if: canMount))
        func transcodeFullDisk() async throws {
            let place = try Workplace()
            let folder = try place.workspace.subfolder("full")
            let script = #"""
                mount -t tmpfs -o size=256k none "$1"
                "$3" transcode "$2" -o "$1/out.mp4"; status=$?
                find "$1" -mindepth 1
                exit $status
                """#
            let arguments = ["-Urm", "sh", "-c", script, "sh", folder.path, Self.clip, Tool.recast.path]
            let result = try await place.start(Tool("unshare"), arguments).end(limit: 60)
            #expect(result.status == 6, "\(result.errorText)")
            #expect(result.outputText == "" && result.errorLines.count == 1, "\(result.errorText)")
        }

        @Test("recast transcode does not replace a folder that has the output's name, not even with --force")
        func transcodeOntoFolder() async throws {
            let place = try Workplace()
            let folder = try place.workspace.subfolder("outputs/surround.mp4")
            let outputs = folder.deletingLastPathComponent()
            for options in [[], ["--force"]] {
                let arguments = ["transcode", Samples.path("surround.mp4"), "-o", outputs.path] + options
                let result = try await place.run(arguments)
                #expect(result.status == 2, "\(options) \(result.errorText)")
                #expect(contents(of: outputs) == ["surround.mp4"] && contents(of: folder) == [])
            }
        }
    }
}
