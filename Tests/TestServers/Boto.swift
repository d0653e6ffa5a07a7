/// AWS calls made by boto3: what tests set up and judge with.
package final class Boto: Sendable {
    /// A call the service refused.
    package struct Refusal: Error, CustomStringConvertible {
        /// The service's own, such as `NoSuchKey`.
        package let code: String
        package let description: String
    }

    private let bridge: LineProcess

    /// Connects to the endpoints and with the key that `environment` names.
    package init(environment: [String: String]) throws {
        bridge = try LineProcess("boto_bridge.py", environment: environment)
    }

    /// Calls an operation by the name boto3 gives it, and returns its answer.
    ///
    /// - Throws: `Refusal`.
    @discardableResult
    package func call(_ service: String, _ operation: String, _ arguments: JSON) async throws -> JSON {
        let answer = try await bridge.ask([
            "service": .string(service), "operation": .string(operation), "arguments": arguments,
        ])
        if let code = answer["error"]?.string {
            let message = answer["message"]?.string ?? ""
            throw Refusal(code: code, description: "\(service) \(operation): \(code) \(message)")
        }
        return answer["result"] ?? .null
    }
}
