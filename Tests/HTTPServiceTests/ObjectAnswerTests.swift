import Foundation
import HTTPService
import HTTPTransport
import Jobs
import TestMedia
import Testing

@Suite("The files of a job")
struct ObjectAnswerTests {
    private static let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

    /// Runs a service with one finished job, and hands its path.
    private func run(
        key: String = "clip ü.mp4",
        contentType: String = "video/mp4",
        _ body: (RunningService, String, [(name: String, value: String)]) async throws -> Void
    ) async throws {
        try await OperationsHouse.run { service, headers throws in
            var job = OperationsHouse.job(1, status: .complete)
            job.outputs[0].key = key
            job.outputs[0].rendition = Rendition(byteCount: 1, eTag: "", durationMilliseconds: 1)
            job = try await service.context.store.insert(job)
            _ = try await service.context.objects.write(
                Self.bytes,
                to: ObjectLocation(bucket: "media", key: "output/" + key),
                attributes: ObjectAttributes(contentType: contentType),
                condition: .none
            )
            try await body(service, "/api/jobs/\(job.id)/outputs/1", headers)
        }
    }

    @Test("A whole file comes with its type, length and name")
    func sendsWhole() async throws {
        try await run { service, path, headers throws in
            let answer = try await service.send("GET", path, headers: headers)
            #expect(answer.status == 200 && answer.body == Self.bytes)
            #expect(answer.headers["content-type"] == "video/mp4")
            #expect(answer.headers["content-length"] == "3000000")
            #expect(answer.headers["accept-ranges"] == "bytes")
            #expect(answer.headers["content-disposition"] == "inline; filename*=UTF-8''clip%20%C3%BC.mp4")
            #expect(answer.headers["x-content-type-options"] == "nosniff")
            let eTag = try #require(answer.headers["etag"])
            let again = try await service.send("GET", path, headers: headers + [("If-None-Match", eTag)])
            #expect(again.status == 304 && again.body.isEmpty)
        }
    }

    @Test(
        "A part is sent as it was asked for, and what lies behind the end is refused",
        arguments: [
            ("bytes=0-0", 206, 0..<1), ("bytes=10-19", 206, 10..<20),
            ("bytes=2999990-", 206, 2_999_990..<3_000_000),
            ("bytes=-5", 206, 2_999_995..<3_000_000), ("bytes=-9999999", 206, 0..<3_000_000),
            ("bytes=1000000-2100000", 206, 1_000_000..<2_100_001),
            ("bytes=5-99999999999999999999", 206, 5..<3_000_000),
            ("bytes=3000000-", 416, 0..<0), ("bytes=99999999999999999999-", 416, 0..<0),
            ("bytes=-0", 416, 0..<0),
            ("bytes=9-5", 200, 0..<3_000_000), ("bytes=0-1,5-6", 200, 0..<3_000_000),
            ("lines=1", 200, 0..<3_000_000),
            ("bytes=-", 200, 0..<3_000_000), ("bytes=a-b", 200, 0..<3_000_000),
        ]
    )
    func sendsParts(range: String, status: Int, part: Range<Int>) async throws {
        try await run { service, path, headers throws in
            let answer = try await service.send("GET", path, headers: headers + [("Range", range)])
            #expect(answer.status == status)
            #expect(answer.body == Self.bytes[part])
            if status == 206 {
                let wanted = "bytes \(part.lowerBound)-\(part.upperBound - 1)/3000000"
                #expect(answer.headers["content-range"] == wanted)
            }
            if status == 416 { #expect(answer.headers["content-range"] == "bytes */3000000") }
        }
    }

    @Test("A part of another version is not sent; the whole is")
    func comparesVersions() async throws {
        try await run { service, path, headers throws in
            let eTag = try #require(try await service.send("HEAD", path, headers: headers).headers["etag"])
            let part = headers + [("Range", "bytes=0-9")]
            let same = try await service.send("GET", path, headers: part + [("If-Range", eTag)])
            #expect(same.status == 206 && same.body.count == 10)
            let other = try await service.send("GET", path, headers: part + [("If-Range", "\"other\"")])
            #expect(other.status == 200 && other.body.count == 3_000_000)
        }
    }

    @Test(
        "What might be a page is offered for saving, and never shown",
        arguments: [
            ("page.html", "text/html"), ("clip", "application/xhtml+xml"), ("a.svg", "image/svg+xml"),
            ("x.mp4.js", "text/javascript"), ("a", "video/mp4; x=\"y\""),
        ]
    )
    func hidesPages(key: String, contentType: String) async throws {
        try await run(key: key, contentType: contentType) { service, path, headers throws in
            let answer = try await service.send("GET", path, headers: headers)
            #expect(answer.headers["content-type"] == "application/octet-stream")
            #expect(answer.headers["content-disposition"]?.hasPrefix("attachment; ") == true)
        }
    }

    @Test("There is no output that is not complete, and no file that is gone")
    func refusesMissing() async throws {
        try await run { service, path, headers throws in
            let job = path.dropLast("/outputs/1".count)
            for missing in ["\(job)/outputs/2", "\(job)/outputs/x", "\(job)/input"] {
                #expect(try await service.send("GET", missing, headers: headers).status == 404, "\(missing)")
            }
        }
    }
}
