internal import Foundation
internal import Jobs

/// A service that takes and gives JSON (AWS JSON 1.0 protocol).
struct JSONService: Sendable {
    let client: AWSClient
    let service: AWSService

    /// What stands before an action's name in the header that selects it.
    private var targetPrefix: String { service == .dynamodb ? "DynamoDB_20120810." : "AmazonSQS." }

    /// Does an action; `timeout` is in seconds.
    func call<Answer: Decodable>(
        _ action: String,
        _ request: some Encodable,
        timeout: Double = 30
    ) async throws(AWSFailure) -> Answer {
        let body: Data
        do {
            body = try JSONEncoder().encode(request)
        } catch {
            let message = "the request \(action) cannot be written as JSON"
            throw AWSFailure(BackendError(.invalid, message))
        }
        let answer = try await client.invoke(
            service,
            target: targetPrefix + action,
            json: body,
            timeout: timeout
        )
        do {
            // Some actions answer with nothing at all.
            return try JSONDecoder().decode(Answer.self, from: answer.isEmpty ? Data("{}".utf8) : answer)
        } catch {
            let message = "\(service.settingName) answered \(action) with something else than expected"
            throw AWSFailure(BackendError(.unavailable, message), body: answer)
        }
    }
}
