import ElasticTranscoder
import Foundation
import TestServers
import Testing

/// The shapes of requests, as clients are told of them.
private struct Model {
    let operations: [String: JSON]
    let shapes: [String: JSON]

    init() throws {
        let file = try #require(SDKModel.files.first { $0.path.hasSuffix("service-2.json") })
        let model = try JSONDecoder().decode(JSON.self, from: file.data)
        guard case .object(let operations) = model["operations"], case .object(let shapes) = model["shapes"]
        else {
            throw CocoaError(.coderReadCorrupt)
        }
        (self.operations, self.shapes) = (operations, shapes)
    }

    /// A value that breaks a shape's constraint, with the place of what breaks it.
    struct Broken {
        var value: JSON
        let path: String
        let constraint: String
    }

    /// One value for each constraint below a member.
    func broken(_ name: String, _ path: String, depth: Int = 0) -> [Broken] {
        guard depth < 8, let shape = shapes[name] else { return [] }
        switch shape["type"]?.string {
        case "string": return brokenTexts(shape, path)
        case "list":
            guard let element = shape["member"]?["shape"]?.string else { return [] }
            var all = broken(element, "\(path).1.member", depth: depth + 1).map { broken in
                Broken(value: [broken.value], path: broken.path, constraint: broken.constraint)
            }
            if let maximum = shape["max"]?.number {
                let value = JSON.array(Array(repeating: sample(element), count: Int(maximum) + 1))
                all.append(
                    Broken(
                        value: value,
                        path: path,
                        constraint: "length less than or equal to \(Int(maximum))"
                    )
                )
            }
            return all
        case "structure":
            guard case .object(let members) = shape["members"] else { return [] }
            return members.sorted { $0.key < $1.key }.flatMap { name, member in
                broken(member["shape"]?.string ?? "", "\(path).\(lower(name))", depth: depth + 1).map {
                    broken in
                    Broken(
                        value: .object([name: broken.value]),
                        path: broken.path,
                        constraint: broken.constraint
                    )
                }
            }
        default: return []
        }
    }

    private func brokenTexts(_ shape: JSON, _ path: String) -> [Broken] {
        var all: [Broken] = []
        if let maximum = shape["max"]?.number {
            let text = String(repeating: "x", count: Int(maximum) + 1)
            let constraint = "length less than or equal to \(Int(maximum))"
            all.append(Broken(value: .string(text), path: path, constraint: constraint))
        }
        if let minimum = shape["min"]?.number, minimum > 0 {
            let constraint = "length greater than or equal to \(Int(minimum))"
            all.append(Broken(value: "", path: path, constraint: constraint))
        }
        if let pattern = shape["pattern"]?.string {
            all.append(
                Broken(value: "\u{1}\n", path: path, constraint: "regular expression pattern: \(pattern)")
            )
        }
        return all
    }

    /// A value of the right type.
    private func sample(_ name: String) -> JSON {
        switch shapes[name]?["type"]?.string {
        case "list": []
        case "structure", "map": [:]
        default: "x"
        }
    }

    func lower(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }
}

@Suite("The constraints of requests")
struct ConstraintTests {
    private let bench = APIBench()

    @Test("Every constraint of every member of every operation is kept by the name of the member")
    func keepsAll() async throws {
        let model = try Model()
        var count = 0
        for (name, operation) in model.operations.sorted(by: { $0.key < $1.key }) {
            let input = try #require(model.shapes[operation["input"]?["shape"]?.string ?? ""])
            guard case .object(let members) = input["members"] else { continue }
            for (member, reference) in members {
                for broken in model.broken(reference["shape"]?.string ?? "", model.lower(member))
                // Roles have messages of their own.
                where reference["shape"] != "Role" {
                    let answer = try await send(
                        operation,
                        member,
                        reference["location"]?.string,
                        broken.value
                    )
                    #expect(
                        answer.status == 400 && answer.error == "ValidationException",
                        "\(name) \(broken.path)"
                    )
                    #expect(
                        answer.message.contains("at '\(broken.path)'")
                            && answer.message.contains(broken.constraint),
                        "\(name): \(answer.message)"
                    )
                    count += 1
                }
            }
        }
        #expect(count > 300)
    }

    @Test("Every required member is missed by its name")
    func missesAll() async throws {
        let model = try Model()
        for (name, operation) in model.operations {
            let input = try #require(model.shapes[operation["input"]?["shape"]?.string ?? ""])
            for member in input["required"]?.elements.compactMap(\.string) ?? []
            where input["members"]?[member]?["location"] == nil {
                let answer = try await send(operation, "", nil, "")
                let text =
                    "Value null at '\(model.lower(member))' failed to satisfy constraint: Member must not be null"
                #expect(answer.status == 400 && answer.message.contains(text), "\(name): \(answer.message)")
            }
        }
    }

    /// Sends a request in which one member has a value, wherever the operation wants it.
    private func send(
        _ operation: JSON,
        _ member: String,
        _ location: String?,
        _ value: JSON
    ) async throws -> APIBench.Answer {
        let plain = CharacterSet.alphanumerics
        let encoded = (value.string ?? "").addingPercentEncoding(withAllowedCharacters: plain) ?? ""
        var path = operation["http"]?["requestUri"]?.string?.dropFirst("/2012-09-25/".count).description ?? ""
        if location == "uri" { path = path.replacing("{\(member)}", with: encoded) }
        path = path.replacing(#/\{\w+\}/#, with: "1111111111111-aaaaaa")
        if location == "querystring" { return try await query(path, member, value.string ?? "") }
        let body: JSON? = location == nil ? .object([member: value]) : nil
        return try await bench.send(operation["http"]?["method"]?.string ?? "", path, body)
    }

    private func query(_ path: String, _ name: String, _ value: String) async throws -> APIBench.Answer {
        let request = APIRequest(
            method: "GET",
            path: "/2012-09-25/" + path,
            query: [(name: name, value: value)]
        )
        let response = await bench.api.respond(to: request)
        let body = try JSONDecoder().decode(JSON.self, from: response.body)
        return APIBench.Answer(status: response.status, error: response.errorType, body: body)
    }
}
