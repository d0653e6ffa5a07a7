import ElasticTranscoder
import Foundation
import TestMedia
import TestServers

/// Amazon's client, with its requests answered by the API.
struct BotoClient: Sendable {
    /// Which client it is.
    enum Generation: String, Sendable, CaseIterable {
        /// Of before Amazon removed the service.
        case old
        /// Boto 2, written by hand before that; its operations have arguments of their own.
        case ancient
        /// Today's, with the model that `recast sdk-model` writes.
        case current

        /// Those of boto3 that there are here.
        static var available: [Generation] { Python.old == nil ? [.current] : [.old, .current] }
    }

    struct Refusal: Error {
        let code: String
        let status: Double?
        let message: String
        /// The name of Python's class.
        let type: String?
    }

    private let process: LineProcess
    private let api: ElasticTranscoderAPI
    private let folder: Workspace

    init(_ generation: Generation, _ api: ElasticTranscoderAPI, checksArguments: Bool = true) throws {
        self.api = api
        folder = try Workspace()
        var environment: [String: String] = [:]
        if generation == .current {
            for (path, data) in SDKModel.files {
                let file = folder.url(path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try data.write(to: file)
            }
            environment["AWS_DATA_PATH"] = folder.url("").path
        }
        process = try LineProcess(
            generation == .ancient ? "elastic_transcoder_boto2.py" : "elastic_transcoder.py",
            checksArguments ? [] : ["unchecked"],
            environment: environment,
            python: generation == .current ? Python.path : Python.old ?? Python.path
        )
    }

    func call(_ operation: String, _ arguments: JSON = [:]) async throws -> JSON {
        try await ask(["operation": .string(operation), "arguments": arguments])
    }

    func pages(_ operation: String, _ arguments: JSON = [:]) async throws -> [JSON] {
        try await ask(["paginate": .string(operation), "arguments": arguments]).elements
    }

    func wait(_ waiter: String, _ arguments: JSON) async throws {
        _ = try await ask(["wait": .string(waiter), "arguments": arguments])
    }

    private func ask(_ question: JSON) async throws -> JSON {
        var answer = try await process.ask(question)
        while let request = answer["request"] {
            answer = try await process.ask(await respond(to: request))
        }
        if let code = answer["error"]?.string {
            throw Refusal(
                code: code,
                status: answer["status"]?.number,
                message: answer["message"]?.string ?? "",
                type: answer["type"]?.string
            )
        }
        return answer["result"] ?? .null
    }

    private func respond(to request: JSON) async -> JSON {
        let response = await api.respond(
            to: APIRequest(
                method: request["method"]?.string ?? "",
                path: request["path"]?.string ?? "",
                query: (request["query"]?.elements ?? []).map { pair in
                    (name: pair.elements.first?.string ?? "", value: pair.elements.last?.string ?? "")
                },
                body: Data(base64Encoded: request["body"]?.string ?? "") ?? Data()
            )
        )
        return [
            "status": .number(Double(response.status)),
            "errorType": response.errorType.map(JSON.string) ?? .null,
            "body": .string(response.body.base64EncodedString()),
        ]
    }
}
