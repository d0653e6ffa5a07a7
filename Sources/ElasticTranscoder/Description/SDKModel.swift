package import Foundation

/// The API's description in the form that Amazon's SDKs for Python and the AWS CLI load clients from.
package enum SDKModel {
    /// Paths below the folder that AWS_DATA_PATH names, and what is there.
    package static var files: [(path: String, data: Data)] {
        let folder = "elastictranscoder/\(APIDescription.version)/"
        return [
            (folder + "service-2.json", service), (folder + "paginators-1.json", paginators),
            (folder + "waiters-2.json", waiters), (folder + "endpoint-rule-set-1.json", endpoints),
        ].map { ($0, Data(($1.json + "\n").utf8)) }
    }

    // MARK: - The service

    private static var service: JSONValue {
        var shapes = APIDescription.shapes.mapValues(shape)
        for operation in APIDescription.operations {
            shapes[request(operation)] = structure(operation.input)
            shapes[response(operation)] = structure(operation.output)
        }
        for kind in errorKinds { shapes[kind.rawValue] = exception(kind) }
        return .object([
            "version": "2.0",
            "metadata": .object([
                "apiVersion": .string(APIDescription.version),
                "endpointPrefix": "elastictranscoder",
                "protocol": "rest-json",
                "protocols": ["rest-json"],
                "serviceFullName": "Elastic Transcoder, as Recast offers it",
                "serviceId": "Elastic Transcoder",
                "signatureVersion": "v4",
                "auth": ["aws.auth#sigv4"],
                "uid": .string("elastictranscoder-\(APIDescription.version)"),
            ]),
            "operations": .object(
                Dictionary(
                    uniqueKeysWithValues: APIDescription.operations.map { ($0.name.rawValue, operation($0)) }
                )
            ),
            "shapes": .object(shapes),
        ])
    }

    private static func request(_ operation: Operation) -> String { operation.name.rawValue + "Request" }
    private static func response(_ operation: Operation) -> String { operation.name.rawValue + "Response" }

    private static func operation(_ operation: Operation) -> JSONValue {
        let errors = APIDescription.commonErrors + operation.errors
        return .object([
            "name": .string(operation.name.rawValue),
            "documentation": .string(operation.summary),
            "http": .object([
                "method": .string(operation.method),
                "requestUri": .string("/\(APIDescription.version)\(operation.path)"),
                "responseCode": .integer(Int64(operation.status)),
            ]),
            "input": ["shape": .string(request(operation))],
            "output": ["shape": .string(response(operation))],
            "errors": .array(errors.map { ["shape": .string($0.rawValue)] }),
        ])
    }

    /// Errors that operations say they have.
    private static var errorKinds: [APIError.Kind] {
        let further = APIDescription.operations.flatMap(\.errors)
        return APIDescription.commonErrors + further.filter { !APIDescription.commonErrors.contains($0) }
    }

    private static func exception(_ kind: APIError.Kind) -> JSONValue {
        var members: [String: JSONValue] = ["type": "structure", "members": [:], "exception": .bool(true)]
        if kind == .internalService {
            members["fault"] = .bool(true)
        } else {
            members["error"] = ["httpStatusCode": .integer(Int64(kind.status))]
        }
        return .object(members)
    }

    private static func shape(_ shape: Shape) -> JSONValue {
        switch shape.kind {
        case .text(let pattern, let minimum, let maximum):
            var members: [String: JSONValue] = ["type": "string"]
            if let pattern { members["pattern"] = .string(pattern) }
            if let minimum { members["min"] = .integer(Int64(minimum)) }
            if let maximum { members["max"] = .integer(Int64(maximum)) }
            if shape.isSecret { members["sensitive"] = .bool(true) }
            return .object(members)
        case .integer: return ["type": "integer"]
        case .long: return ["type": "long"]
        case .list(let element, let maximum):
            var members: [String: JSONValue] = ["type": "list", "member": ["shape": .string(element)]]
            if let maximum { members["max"] = .integer(Int64(maximum)) }
            return .object(members)
        case .map(let element, let maximum):
            let reference: JSONValue = ["shape": .string(element)]
            var members: [String: JSONValue] = ["type": "map", "key": reference, "value": reference]
            if let maximum { members["max"] = .integer(Int64(maximum)) }
            return .object(members)
        case .structure(let members): return structure(members)
        }
    }

    private static func structure(_ members: [Member]) -> JSONValue {
        var shapes: [String: JSONValue] = [:]
        for member in members {
            var reference: [String: JSONValue] = ["shape": .string(member.shape)]
            switch member.place {
            case .body: break
            case .path: reference["location"] = "uri"
            case .query: reference["location"] = "querystring"
            }
            if member.place != .body { reference["locationName"] = .string(member.name) }
            shapes[member.name] = .object(reference)
        }
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        var structure: [String: JSONValue] = ["type": "structure", "members": .object(shapes)]
        if !required.isEmpty { structure["required"] = .array(required) }
        return .object(structure)
    }

    // MARK: - What clients do with it

    /// Operations that answer page by page.
    private static var paginators: JSONValue {
        var pagination: [String: JSONValue] = [:]
        for operation in APIDescription.operations {
            guard operation.output.contains(where: { $0.name == "NextPageToken" }),
                let list = operation.output.first(where: { $0.name != "NextPageToken" })
            else { continue }
            pagination[operation.name.rawValue] = [
                "input_token": "PageToken", "output_token": "NextPageToken", "result_key": .string(list.name),
            ]
        }
        return ["pagination": .object(pagination)]
    }

    /// Waiting for the end of a job: for an hour, as clients always did.
    private static var waiters: JSONValue {
        func acceptor(_ status: String, _ state: String) -> JSONValue {
            [
                "matcher": "path", "argument": "Job.Status", "expected": .string(status),
                "state": .string(state),
            ]
        }
        return [
            "version": .integer(2),
            "waiters": [
                "JobComplete": [
                    "operation": "ReadJob", "delay": .integer(30), "maxAttempts": .integer(120),
                    "acceptors": [
                        acceptor("Complete", "success"), acceptor("Canceled", "failure"),
                        acceptor("Error", "failure"),
                    ],
                ]
            ],
        ]
    }

    /// There is no address that everybody's service has.
    private static var endpoints: JSONValue {
        func parameter(_ builtIn: String, _ type: String) -> [String: JSONValue] {
            [
                "builtIn": .string(builtIn), "required": .bool(false), "type": .string(type),
                "documentation": .string("The setting \(builtIn) of the client."),
            ]
        }
        func flag(_ builtIn: String) -> JSONValue {
            let standard: [String: JSONValue] = ["required": .bool(true), "default": .bool(false)]
            return .object(parameter(builtIn, "Boolean").merging(standard) { $1 })
        }
        let isGiven: JSONValue = ["fn": "isSet", "argv": [["ref": "Endpoint"]]]
        return [
            "version": "1.0",
            "parameters": [
                "Region": .object(parameter("AWS::Region", "String")),
                "UseDualStack": flag("AWS::UseDualStack"), "UseFIPS": flag("AWS::UseFIPS"),
                "Endpoint": .object(parameter("SDK::Endpoint", "String")),
            ],
            "rules": [
                [
                    "type": "endpoint", "conditions": [isGiven],
                    "endpoint": ["url": ["ref": "Endpoint"], "properties": [:], "headers": [:]],
                ],
                [
                    "type": "error", "conditions": [],
                    "error": "the address of the service is missing: give it as endpoint_url",
                ],
            ],
        ]
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { first, _ in first })
    }
}
