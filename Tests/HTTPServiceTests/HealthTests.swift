import Foundation
import HTTPService
import HTTPTransport
import Jobs
import TestBackends
import Testing

@Suite("Health and measurements")
struct HealthTests {
    private func routes(
        _ metrics: ServiceMetrics,
        _ access: HealthRoutes.MetricsAccess = .everybody
    ) -> (ServiceContext, Accounts) -> [any RouteGroup] {
        { context, accounts in
            [HealthRoutes(context, accounts: accounts, metrics: metrics, access: access), ProbeRoutes()]
        }
    }

    @Test("A service whose stores answer is alive and ready")
    func isReady() async throws {
        try await RunningService.run(routes: routes(ServiceMetrics())) { service throws in
            #expect(try await service.send("GET", "/healthz").status == 200)
            #expect(try await service.send("GET", "/readyz").status == 200)
        }
    }

    @Test("One that misses its store or a bucket is alive but not ready, and says which, not why")
    func isNotReady() async throws {
        var context = ServiceContext.inMemory(buckets: [])
        context.store = FaultInjectingMetadataStore(
            context.store,
            FaultPlan(error: BackendError(.unavailable, "secret insides")) { _ in .before }
        )
        try await RunningService.run(context: context, routes: routes(ServiceMetrics())) { service throws in
            #expect(try await service.send("GET", "/healthz").status == 200)
            let answer = try await service.send("GET", "/readyz")
            #expect(answer.status == 503)
            let problems = try #require(try OperationsHouse.object(answer)["problems"] as? [String: String])
            #expect(problems == ["store": "unavailable", "bucket media": "does not exist"])
        }
    }

    @Test("Requests, jobs and the queue are measured in a text that follows Prometheus' rules")
    func measures() async throws {
        let metrics = ServiceMetrics()
        var job = OperationsHouse.job(1, status: .complete)
        let claim = OperationsHouse.job(1, status: .progressing)
        job.outputs[0].rendition = Rendition(byteCount: 50, eTag: "", durationMilliseconds: 8000)
        job.input.byteCount = 100
        metrics.observed(JobObservation(claim, job, seconds: 4))
        var failed = OperationsHouse.job(2, status: .error)
        failed.outputs[0].presetID = "a\"b\\c\nd"
        metrics.observed(JobObservation(claim, failed, seconds: 1))
        metrics.observed(JobObservation(claim, OperationsHouse.job(3), seconds: 1))
        try await RunningService.run(metrics: metrics, routes: routes(metrics)) { service throws in
            _ = try await service.context.store.insert(OperationsHouse.job(4))
            try await service.context.queue.send("{}", delay: 0)
            for path in ["/things/1", "/things/2", "/nothing/1", "/nothing/2"] {
                _ = try await service.send("GET", path)
            }
            let answer = try await service.send("GET", "/metrics")
            #expect(answer.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            let text = String(decoding: answer.body, as: UTF8.self)
            let lines = Set(text.split(separator: "\n").map(String.init))
            let http = "recast_http_request_duration_seconds_count"
            for line in [
                #"\#(http){method="GET",route="/things/{id}",status="200"} 2"#,
                #"\#(http){method="GET",route="NotFound",status="403"} 2"#,
                #"recast_jobs_total{status="Complete"} 1"#, #"recast_jobs_total{status="Error"} 1"#,
                "recast_job_retries_total 1", "recast_input_bytes_total 100", "recast_output_bytes_total 50",
                #"recast_transcode_times_real_time_sum{preset="web"} 2"#,
                #"recast_transcode_duration_seconds_bucket{preset="web",le="5.0"} 1"#,
                #"recast_jobs{status="Submitted"} 1"#, #"recast_queue_messages{state="visible"} 1"#,
            ] {
                #expect(lines.contains(line), "\(line) in \(text)")
            }
            try await check(text)
        }
    }

    /// Each line is a comment or a sample, and no series comes twice.
    private func check(_ text: String) async throws {
        let script = #"""
            import re, sys
            sample = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_]\w*="(\\.|[^"\\\n])*"(,|(?=\})))*\})? '
                                r'(NaN|[+-]Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)$')
            seen, kinds = set(), {}
            for line in sys.argv[1].splitlines():
                if line.startswith('# TYPE '):
                    _, _, name, kind = line.split(' ')
                    assert name not in kinds, line
                    kinds[name] = kind
                elif not line.startswith('# HELP '):
                    assert sample.match(line), line
                    series = line.rsplit(' ', 1)[0]
                    assert series not in seen, line
                    seen.add(series)
            print(len(seen) > 20 and set(kinds.values()) == {'counter', 'gauge', 'histogram'})
            """#
        #expect(try await Python.run(script, [text]) == "True\n")
    }

    @Test("Where a token or a user is asked for, nobody else reads the measurements")
    func guardsMetrics() async throws {
        let metrics = ServiceMetrics()
        try await RunningService.run(routes: routes(metrics, .token("token of sixteen"))) { service throws in
            #expect(try await service.send("GET", "/metrics").status == 401)
            let wrong = [(name: "Authorization", value: "Bearer token of seventeen")]
            #expect(try await service.send("GET", "/metrics", headers: wrong).status == 401)
            let right = [(name: "Authorization", value: "Bearer token of sixteen")]
            #expect(try await service.send("GET", "/metrics", headers: right).status == 200)
        }
        try await RunningService.run(routes: routes(metrics, .users)) { service throws in
            #expect(try await service.send("GET", "/metrics").status == 401)
            try await service.accounts.addUser(name: "edu", password: "p")
            let right = [(name: "Authorization", value: "Basic \(Data("edu:p".utf8).base64EncodedString())")]
            #expect(try await service.send("GET", "/metrics", headers: right).status == 200)
        }
    }
}
