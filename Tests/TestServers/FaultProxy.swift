/// A proxy in front of a server that fails as it is told; `fault_proxy.py` says what the fields mean.
package final class FaultProxy: Sendable {
    /// What becomes of a request that a rule is about.
    package enum Action: Sendable {
        /// The connection breaks off before the server hears of it.
        case reset
        /// The connection breaks off after half the answer's body.
        case cut
        /// The server does it, but the answer is lost.
        case lose
        /// An answer in the server's stead.
        case answer(status: Int, headers: [String: String] = [:], body: String = "")
        /// The server does it, but this is the answer.
        case replace(status: Int, headers: [String: String] = [:], body: String = "")
        /// It is passed on after so many seconds.
        case delay(Double)
    }

    /// Which requests fail, and how; the first rule that applies counts.
    package struct Rule: Sendable {
        package var method: String?
        /// A regular expression found in the path with its query.
        package var target: String?
        /// The name of a header that must be there.
        package var header: String?
        /// Of those only each n-th.
        package var every: Int?
        /// Of those only the first ones.
        package var first: Int?
        /// Only so long after the first of them.
        package var seconds: Double?
        package var action: Action

        package init(
            method: String? = nil,
            target: String? = nil,
            header: String? = nil,
            every: Int? = nil,
            first: Int? = nil,
            seconds: Double? = nil,
            action: Action
        ) {
            self.method = method
            self.target = target
            self.header = header
            self.every = every
            self.first = first
            self.seconds = seconds
            self.action = action
        }
    }

    /// A request that came to the proxy.
    package struct Request: Sendable {
        /// Seconds on a clock of the proxy's own.
        package let time: Double
        package let method: String
        /// The path with its query.
        package let target: String
        /// The action's name; `nil` when the request was passed on unharmed.
        package let fault: String?

        package init(time: Double, method: String, target: String, fault: String?) {
            self.time = time
            self.method = method
            self.target = target
            self.fault = fault
        }
    }

    /// Where clients connect instead of to the server.
    package let endpoint: String
    private let process: LineProcess

    private init(process: LineProcess, endpoint: String) {
        self.process = process
        self.endpoint = endpoint
    }

    /// Starts a proxy in front of the server at `endpoint`; it ends with the value returned.
    package static func start(before endpoint: String) async throws -> FaultProxy {
        let process = try LineProcess("fault_proxy.py", [endpoint])
        guard let own = try JSON(text: try await process.line())["endpoint"]?.string else {
            throw LineProcess.Failure(description: "the proxy did not say where it listens")
        }
        return FaultProxy(process: process, endpoint: own)
    }

    /// Replaces the rules; none lets everything through.
    package func use(_ rules: [Rule]) async throws {
        _ = try await process.ask(["rules": .array(rules.map(\.json))])
    }

    /// The requests so far, in the order in which they came.
    package func requests() async throws -> [Request] {
        try await process.ask(["requests": true]).elements.map { request in
            Request(
                time: request["time"]?.number ?? 0,
                method: request["method"]?.string ?? "",
                target: request["target"]?.string ?? "",
                fault: request["fault"]?.string
            )
        }
    }

    /// Forgets the requests so far.
    package func forgetRequests() async throws { _ = try await process.ask(["forget": true]) }
}

extension FaultProxy {
    /// The most requests that came within any one second.
    package static func busiestSecond(_ requests: [Request]) -> Int {
        let times = requests.map(\.time).sorted()
        var first = 0
        var most = 0
        for (index, time) in times.enumerated() {
            while time - times[first] >= 1 { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}

extension FaultProxy.Rule {
    fileprivate var json: JSON {
        var members: [String: JSON] = [:]
        members["method"] = method.map(JSON.string)
        members["target"] = target.map(JSON.string)
        members["header"] = header.map(JSON.string)
        members["every"] = every.map { .number(Double($0)) }
        members["first"] = first.map { .number(Double($0)) }
        members["seconds"] = seconds.map(JSON.number)
        return .object(members.merging(action.json) { $1 })
    }
}

extension FaultProxy.Action {
    fileprivate var json: [String: JSON] {
        switch self {
        case .reset: ["action": "reset"]
        case .cut: ["action": "cut"]
        case .lose: ["action": "lose"]
        case .answer(let status, let headers, let body): Self.answer("answer", status, headers, body)
        case .replace(let status, let headers, let body): Self.answer("replace", status, headers, body)
        case .delay(let seconds): ["action": "delay", "delay": .number(seconds)]
        }
    }

    private static func answer(
        _ action: String,
        _ status: Int,
        _ headers: [String: String],
        _ body: String
    ) -> [String: JSON] {
        [
            "action": .string(action), "status": .number(Double(status)),
            "headers": .object(headers.mapValues(JSON.string)), "body": .string(body),
        ]
    }
}
