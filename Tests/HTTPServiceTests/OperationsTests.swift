import Foundation
import HTTPService
import HTTPTransport
import Jobs
import Logging
import TestBackends
import TestMedia
import Testing

/// The page's API over stores in memory, and somebody who may use it.
enum OperationsHouse {
    static let password = "correct horse"

    static func routes(_ context: ServiceContext, _ accounts: Accounts) -> [any RouteGroup] {
        let sessions = Sessions(context, accounts: accounts)
        return [
            SessionRoutes(sessions, accounts: accounts),
            OperationsRoutes(
                context,
                sessions: sessions,
                leaseSeconds: 60,
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ),
        ]
    }

    static func run(
        context: ServiceContext = .inMemory(),
        _ body: (RunningService, [(name: String, value: String)]) async throws -> Void
    ) async throws {
        try await RunningService.run(context: context, routes: routes) { service throws in
            try await service.accounts.addUser(name: "edu", password: password)
            let basic = Data("edu:\(password)".utf8).base64EncodedString()
            try await body(service, [("Authorization", "Basic \(basic)"), ("X-Recast", "1")])
        }
    }

    /// A job as it was made `index` seconds after others.
    static func job(_ index: Int, key: String? = nil, status: JobStatus = .submitted) -> Job {
        var random = SystemRandomNumberGenerator()
        let moment = Date(timeIntervalSince1970: 1_790_000_000 + Double(index))
        var job = Job(
            id: JobID.make(now: moment, random: &random),
            pipelineID: index.isMultiple(of: 2) ? "even" : "odd",
            identity: nil,
            origin: .event,
            input: Job.Input(bucket: "media", key: key ?? "a/clip \(index).mp4"),
            outputBucket: "media",
            outputKeyPrefix: "output/",
            outputs: [Job.Output(id: "1", key: "web/clip.mp4", presetID: "web", status: status)],
            submitted: moment
        )
        job.status = status
        return job
    }

    static func object(_ answer: HTTPTransport.HTTPResponse) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: answer.body) as? [String: Any])
    }
}

@Suite("The page's jobs")
struct OperationsTests {
    @Test("Nobody sees anything without proof of who they are, and no browser asks for a password")
    func needsProof() async throws {
        try await OperationsHouse.run { service, _ throws in
            for path in ["/api/jobs", "/api/jobs/x", "/api/events", "/api/jobs/x/input", "/api/session"] {
                let answer = try await service.send("GET", path)
                #expect(answer.status == 401, "\(path)")
                #expect(answer.headers["www-authenticate"]?.hasPrefix("Session") == true)
            }
            #expect(try await service.send("POST", "/api/jobs/x/cancel").status == 401)
            let wrong = [(name: "Authorization", value: "Basic \(Data("edu:no".utf8).base64EncodedString())")]
            #expect(try await service.send("GET", "/api/jobs", headers: wrong).status == 401)
        }
    }

    @Test("Jobs are listed newest first, fifty a page, each once")
    func pages() async throws {
        try await OperationsHouse.run { service, headers throws in
            for index in 0..<120 { _ = try await service.context.store.insert(OperationsHouse.job(index)) }
            var ids: [String] = []
            var sizes: [Int] = []
            var page = ""
            repeat {
                let path = "/api/jobs" + (page.isEmpty ? "" : "?page=\(page)")
                let answer = try OperationsHouse.object(try await service.send("GET", path, headers: headers))
                let jobs = try #require(answer["jobs"] as? [[String: Any]])
                sizes.append(jobs.count)
                ids += jobs.compactMap { $0["id"] as? String }
                page = answer["next"] as? String ?? ""
                #expect(answer["next"] != nil)
            } while !page.isEmpty && sizes.count < 10
            #expect(sizes == [50, 50, 20])
            #expect(ids == ids.sorted().reversed() && Set(ids).count == 120)
        }
    }

    @Test("Jobs are found by status, pipeline and part of a name, together")
    func filters() async throws {
        try await OperationsHouse.run { service, headers throws in
            for index in 0..<40 {
                let status: JobStatus = index < 20 ? .error : .complete
                _ = try await service.context.store.insert(OperationsHouse.job(index, status: status))
            }
            for (query, count) in [
                ("", 40), ("?status=Error", 20), ("?pipeline=odd", 20), ("?search=CLIP+7.", 1),
                ("?status=Error&pipeline=odd&search=clip%201", 6), ("?search=nowhere", 0), ("?status=", 40),
                ("?pipeline=other", 0),
            ] {
                let answer = try await service.send("GET", "/api/jobs\(query)", headers: headers)
                let jobs = try #require(try OperationsHouse.object(answer)["jobs"] as? [Any])
                #expect(jobs.count == count, "\(query)")
            }
            for query in ["status=Done", "search=%", "search=" + String(repeating: "a", count: 2000)] {
                #expect(try await service.send("GET", "/api/jobs?\(query)", headers: headers).status == 400)
            }
        }
    }

    @Test("A job tells all that is known of it, and null of what is not")
    func tellsJobs() async throws {
        try await OperationsHouse.run { service, headers throws in
            var job = OperationsHouse.job(1, status: .complete)
            job.input.byteCount = 123
            job.input.detected = Job.DetectedMedia(width: 640, height: 360, durationMilliseconds: 1500)
            var rendition = Rendition(byteCount: 99, eTag: "x", durationMilliseconds: 1480)
            (rendition.width, rendition.ssim, rendition.videoCodec) = (320, 0.98, "h264")
            job.outputs[0].rendition = rendition
            job = try await service.context.store.insert(job)
            let path = "/api/jobs/\(job.id)"
            let answer = try OperationsHouse.object(try await service.send("GET", path, headers: headers))
            #expect(answer["status"] as? String == "Complete" && answer["progress"] as? Double == 1)
            #expect(answer["submittedAt"] as? Int == 1_790_000_001_000)
            #expect(answer["finishedAt"] is NSNull && answer["error"] is NSNull)
            #expect(answer["canCancel"] as? Bool == false && answer["canRetry"] as? Bool == false)
            let input = try #require(answer["input"] as? [String: Any])
            #expect(input["size"] as? Int == 123 && input["duration"] as? Double == 1.5)
            let output = try #require((answer["outputs"] as? [[String: Any]])?.first)
            #expect(output["key"] as? String == "output/web/clip.mp4")
            #expect(output["url"] as? String == "\(path)/outputs/1")
            #expect(output["ssim"] as? Double == 0.98 && output["audioCodec"] is NSNull)
            for id in ["x", "1790000000000-aaaaaa", "%2e%2e"] {
                #expect(try await service.send("GET", "/api/jobs/\(id)", headers: headers).status == 404)
            }
        }
    }

    @Test("A job is cancelled once, tried again when it failed, and a worker hears of both")
    func changes() async throws {
        try await OperationsHouse.run { service, headers throws in
            let store = service.context.store
            let job = try await store.insert(OperationsHouse.job(1))
            func post(_ id: String, _ verb: String) async throws -> Int {
                try await service.send("POST", "/api/jobs/\(id)/\(verb)", headers: headers).status
            }
            #expect(try await post(job.id, "retry") == 409)
            #expect(try await post(job.id, "cancel") == 202)
            #expect(try await store.job(job.id)?.status == .canceled)
            #expect(try await post(job.id, "cancel") == 409)
            #expect(try await post(job.id, "retry") == 202)
            #expect(try await store.job(job.id)?.status == .submitted)
            #expect(try await post("1790000000000-aaaaaa", "cancel") == 404)
            #expect(try await post("x", "retry") == 404)
            let complete = try await store.insert(OperationsHouse.job(2, status: .complete))
            #expect(try await post(complete.id, "retry") == 409)
            let messages = try await service.context.queue.receive(limit: 10, wait: 0, visibility: 30)
            #expect(messages.count == 2 && messages.allSatisfy { $0.body.contains(job.id) })
        }
    }

    @Test("A change needs the header X-Recast and, where a browser names one, the service's own origin")
    func refusesForgery() async throws {
        try await OperationsHouse.run { service, headers throws in
            let job = try await service.context.store.insert(OperationsHouse.job(1))
            let path = "/api/jobs/\(job.id)/cancel"
            let plain = headers.filter { $0.name != "X-Recast" }
            #expect(try await service.send("POST", path, headers: plain).status == 403)
            for origin in ["https://evil.example", "null", "http://127.0.0.1", ""] {
                let forged = headers + [("Origin", origin)]
                #expect(try await service.send("POST", path, headers: forged).status == 403, "\(origin)")
            }
            let own = headers + [("Origin", service.origin)]
            #expect(try await service.send("POST", path, headers: own).status == 202)
        }
    }

    @Test("Whoever listens hears of every job that is new, changes or ends")
    func tellsChanges() async throws {
        try await OperationsHouse.run { service, headers throws in
            let store = service.context.store
            var old = try await store.insert(OperationsHouse.job(1, status: .progressing))
            let workspace = try Workspace()
            let file = workspace.path("events")
            let listener = try Tool("/usr/bin/curl").start([
                "-sN", "-H", "\(headers[0].name): \(headers[0].value)", "-o", file,
                "\(service.origin)/api/events",
            ])
            defer { listener.terminate() }
            func wait(for words: [String]) async throws -> String {
                let deadline = ContinuousClock.now + .seconds(120)
                while true {
                    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                    if words.allSatisfy(text.contains) || ContinuousClock.now > deadline { return text }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            _ = try await wait(for: ["retry:"])
            // The first look only learns what there is.
            try await Task.sleep(for: .milliseconds(500))
            let new = try await store.insert(OperationsHouse.job(2))
            old.status = .complete
            old = try await store.replace(old)
            let text = try await wait(for: [new.id, old.id])
            let events = text.components(separatedBy: "\n\n").filter { $0.hasPrefix("event: job\ndata: {") }
            #expect(events.count == 2, "\(text)")
            #expect(events.contains { $0.contains(new.id) && $0.contains("Submitted") })
            #expect(events.contains { $0.contains(old.id) && $0.contains("Complete") })
        }
    }

    @Test("Listeners do not hold up a service that stops")
    func stopsEvents() async throws {
        try await OperationsHouse.run { service, headers throws in
            let request =
                "GET /api/events HTTP/1.1\r\nHost: x\r\n\(headers[0].name): \(headers[0].value)\r\n\r\n"
            async let answer = RawConnection.exchange(port: service.port, [request])
            try await Task.sleep(for: .seconds(1))
            await service.shutDown()
            #expect(try #require(await answer).received.contains("retry:"))
        }
    }
}
