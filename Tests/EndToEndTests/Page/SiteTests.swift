import Foundation
import TestMedia
import TestServers
import Testing

extension WorkTests {
    @Suite("The site's clients")
    struct SiteTests {
        private static func serve(_ place: Workplace) async throws -> (program: RunningTool, address: String)
        {
            let added = try await place.run(
                ["user", "add", "edu", "--password-stdin"],
                input: Data("geheim\n".utf8)
            )
            try #require(added.status == 0, "\(added.errorText)")
            let program = try place.start(["serve", "--listen", "127.0.0.1:0"])
            let line = #/listening on (http:\S+)/#
            _ = try await until(60) { program.outputText.contains(line) || !program.isRunning }
            let match = try #require(program.outputText.firstMatch(of: line), "\(program.errorText)")
            return (program, String(match.1))
        }

        private static func upload(_ address: String) async throws -> JSON {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("site_client.py")
            let clip = Samples.path("browser-live.webm")
            let result = try await Python.run(script.path, [address, clip], limit: 300)
            try #require(result.status == 0, "\(result.errorText)")
            return try JSON(text: result.outputText)
        }

        private static func check(_ seen: JSON) {
            // hashlib.blake2b(b"a+b@example.com", digest_size=10)
            #expect(seen["key"] == "Alba/7/ac233bad5bcebc389b1b.webm")
            #expect(
                seen["before"] == [
                    [
                        "ProjectStep": "Alba-7", "Mail": "a+b@example.com",
                        "video": seen["key"] ?? .null,
                    ]
                ]
            )
            #expect(seen["posted"] == 204)
            let video = seen["videos"]?.elements.first
            #expect(video?["status"] == "Complete", "\(String(describing: seen["videos"]))")
            #expect(video?["outputKey"]?.string == "output/web/" + (seen["key"]?.string ?? ""))
            #expect(video?["width"] == 1280)
            #expect(video?["videoCodec"] == "h264")
            #expect(seen["videos"]?.elements.count == 1)
            #expect(seen["one"] == seen["videos"])
            #expect(seen["nobody"] == [])
        }

        @Test("Get a form, send a video with it, and find its rendition in their list; on a folder")
        func local() async throws {
            let place = try Workplace()
            let (program, address) = try await Self.serve(place)
            let seen = try await Self.upload(address)
            Self.check(seen)
            #expect(seen["refused"] == 403)
            let key = seen["videos"]?.elements.first?["outputKey"]?.string ?? ""
            let media = try Judge.probe(place.workspace.path("data/buckets/media/\(key)"))
            #expect(media.streams.first { $0.kind == "video" }?.width == 1280)
            program.terminate()
            #expect(try await program.end(limit: 60).status == 0)
        }

        @Test("Get a form, send a video with it, and find its rendition in their list; on AWS")
        func aws() async throws {
            let workplace = try await AWSWorkplace()
            let (program, address) = try await Self.serve(workplace.place)
            let seen = try await Self.upload(address)
            Self.check(seen)
            #expect(seen["refused"] == 403)
            program.terminate()
            #expect(try await program.end(limit: 60).status == 0)
        }
    }
}
