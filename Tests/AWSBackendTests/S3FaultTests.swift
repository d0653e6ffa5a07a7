import AWSSignature
import Foundation
import HTTPTransport
import Jobs
import TestServers
import Testing

@testable import AWSBackend

@Suite("S3, over a network that fails", .serialized)
struct S3FaultTests {
    private static let lateError = """
        <?xml version="1.0" encoding="UTF-8"?>
        <Error><Code>InternalError</Code><Message>try again</Message></Error>
        """

    private let bench: S3Bench
    private let proxy: FaultProxy

    init() async throws {
        (bench, proxy) = try await S3Bench(.seaweedFS).behindProxy()
    }

    private func upload(_ key: String, _ text: String) async throws -> any ObjectUpload {
        let upload = try await bench.store.startUpload(
            to: bench.location(key),
            attributes: S3Bench.attributes
        )
        try await upload.upload(part: 1, Data(text.utf8))
        return upload
    }

    @Test("A write whose answer is lost is known to have happened, under every condition")
    func findsLostWrites() async throws {
        try await proxy.use([.init(method: "PUT", first: 1, action: .lose)])
        let first = try await bench.write("one", "clip", condition: .absent)
        try await proxy.use([.init(method: "PUT", first: 1, action: .lose)])
        let second = try await bench.write("two", "clip", condition: .matches(eTag: first))
        #expect(second != first)
        #expect(try await bench.text("clip") == "two")
        #expect(try await bench.store.head(bench.location("clip")).eTag == second)
        #expect(
            await code { () throws(BackendError) in
                try await bench.write("three", "clip", condition: .absent)
            } == .conflict
        )
    }

    @Test("An upload whose completion answers with an error, or not at all, completes once")
    func completesOnce() async throws {
        let actions: [FaultProxy.Action] = [
            .lose, .answer(status: 200, body: Self.lateError), .replace(status: 200, body: Self.lateError),
            .cut, .answer(status: 500, body: Self.lateError), .answer(status: 200, body: "<?xml ver"),
        ]
        for (number, action) in actions.enumerated() {
            let upload = try await upload("whole-\(number)", "text \(number)")
            try await proxy.use([.init(method: "POST", target: "uploadId=", first: 1, action: action)])
            let eTag = try await upload.complete(condition: .absent)
            #expect(try await bench.store.head(bench.location("whole-\(number)")).eTag == eTag, "\(action)")
            #expect(try await bench.text("whole-\(number)") == "text \(number)")
        }
    }

    @Test("A completion that was refused is no success, even where an error says 200")
    func reportsRefusedCompletion() async throws {
        let upload = try await upload("refused", "text")
        let denied = "<Error><Code>AccessDenied</Code></Error>"
        try await proxy.use([
            .init(method: "POST", target: "uploadId=", action: .answer(status: 200, body: denied))
        ])
        #expect(
            await code { () throws(BackendError) in try await upload.complete(condition: .none) } == .denied
        )
        #expect(
            await code { () throws(BackendError) in try await bench.store.head(bench.location("refused")) }
                == .notFound
        )
        try await upload.abort()
    }

    @Test("Bytes that are cut off, or a connection that breaks every tenth time, are read again")
    func readsAgain() async throws {
        let data = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
        let location = bench.location("long")
        let eTag = try await bench.store.write(
            data,
            to: location,
            attributes: S3Bench.attributes,
            condition: .none
        )
        try await proxy.use([
            .init(method: "GET", target: "long", every: 4, action: .cut),
            .init(method: "GET", target: "long", every: 3, action: .reset),
        ])
        var read = Data()
        for start in stride(from: Int64(0), to: 3_000_000, by: 100_000) {
            read += try await bench.store.read(location, range: start..<start + 100_000, eTag: eTag)
        }
        #expect(read == data)
        #expect(try await proxy.requests().filter { $0.fault != nil }.count > 10)
    }

    @Test("An object that is replaced while it is read is a conflict, never a mixture")
    func noticesReplacement() async throws {
        let eTag = try await bench.write("before", "changing")
        #expect(try await bench.store.read(bench.location("changing"), range: 0..<3, eTag: eTag).count == 3)
        _ = try await bench.write("after!", "changing")
        #expect(
            await code { () throws(BackendError) in
                try await bench.store.read(bench.location("changing"), range: 3..<6, eTag: eTag)
            } == .conflict
        )
    }

    @Test("Where the service asks for fewer requests, there are at most ten a second")
    func slowsDown() async throws {
        let slow = "<Error><Code>SlowDown</Code></Error>"
        try await proxy.use([.init(method: "PUT", seconds: 1.2, action: .answer(status: 503, body: slow))])
        let codes = await withTaskGroup(of: BackendError.Code?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await code { () throws(BackendError) in try await bench.write("x", "storm-\(number)") }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.allSatisfy { $0 == nil || $0 == .throttled })
        #expect(codes.contains(nil))
        let requests = try await proxy.requests().filter { $0.method == "PUT" }
        // The first of each came before anybody had been told.
        #expect(FaultProxy.busiestSecond(Array(requests.dropFirst(8))) <= 10)
    }
}

@Suite("The range of an answer")
struct S3RangeTests {
    private static func answer(_ status: Int, _ contentRange: String?, _ text: String) -> HTTPResponse {
        var headers: [String: String] = [:]
        headers["content-range"] = contentRange
        return HTTPResponse(status: status, headers: headers, body: Data(text.utf8))
    }

    @Test(
        "Only the bytes that were asked for count",
        arguments: [
            (206, "bytes 2-4/10", "cde", "cde"), (206, "bytes 2-4/10", "cd", nil), (206, nil, "cde", nil),
            (206, "bytes 1-3/10", "bcd", nil), (206, "bytes 2-3/10", "cd", nil),
            (206, "bytes 2-3/4", "cd", "cd"),
            (206, "bytes 2-5/10", "cdef", nil), (206, "bytes 2-4/*", "cde", nil), (206, "2-4/10", "cde", nil),
            (200, nil, "abcdefghij", "cde"), (200, nil, "abcd", "cd"), (200, nil, "a", ""),
            (204, nil, "", nil),
        ] as [(Int, String?, String, String?)]
    )
    func checks(status: Int, contentRange: String?, text: String, expected: String?) {
        let data = S3ObjectStore.body(of: Self.answer(status, contentRange, text), 2..<5)
        #expect(data.map { String(decoding: $0, as: UTF8.self) } == expected)
    }
}
