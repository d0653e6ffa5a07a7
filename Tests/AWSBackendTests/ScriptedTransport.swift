import AWSSignature
import Foundation
import HTTPTransport
import Logging
import Synchronization

@testable import AWSBackend

/// Answers requests one after the other with what was prepared, and keeps them.
final class ScriptedTransport: HTTPSending {
    typealias Answer = Result<HTTPResponse, HTTPFailure>

    private struct State {
        var answers: [Answer]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let answer = state.withLock { state -> Answer in
            state.requests.append(request)
            return state.answers.isEmpty
                ? .failure(HTTPFailure(.refused, "nothing was prepared for this request"))
                : state.answers.removeFirst()
        }
        return try answer.get()
    }

    static func answer(_ status: Int, _ body: String = "", _ headers: [String: String] = [:]) -> Answer {
        .success(HTTPResponse(status: status, headers: headers, body: Data(body.utf8)))
    }

    static func failure(_ kind: HTTPFailure.Kind) -> Answer { .failure(HTTPFailure(kind, "no answer")) }
}

/// A clock that moves only when somebody waits.
final class TestClock: Sendable {
    private let state = Mutex((now: Date(timeIntervalSince1970: 1_769_903_999), waits: [Double]()))

    /// Seconds of each wait so far.
    var waits: [Double] { state.withLock { $0.waits } }
    var now: Date { state.withLock { $0.now } }

    /// With dice that always fall on the longest delay.
    var timing: Timing {
        Timing(
            now: { self.now },
            sleep: { seconds in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.now += seconds
                    state.waits.append(seconds)
                }
            },
            random: { 1 }
        )
    }
}

extension HTTPRequest {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

func makeClient(
    _ transport: any HTTPSending,
    clock: TestClock = TestClock(),
    credentials: (any CredentialSource)? = nil
) -> AWSClient {
    AWSClient(
        configuration: AWSConfiguration(region: "eu-west-1"),
        credentials: credentials
            ?? FixedCredentials(Credentials(accessKeyID: "AKID", secretAccessKey: "secret")),
        transport: transport,
        timing: clock.timing,
        log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
}
