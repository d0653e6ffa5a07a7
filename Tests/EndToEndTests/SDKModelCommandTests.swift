import Foundation
import TestMedia
import TestServers
import Testing

@Suite("recast sdk-model")
struct SDKModelCommandTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Today's boto3 has the client again from the folder that was written")
    func writes() async throws {
        let folder = workspace.path("made/models")
        let result = try RecastProgram.tool.run(["sdk-model", folder], limit: 60)
        #expect(result.status == 0, "\(result.errorText)")
        let source = """
            import boto3
            client = boto3.client("elastictranscoder", region_name="eu-west-1", endpoint_url="http://127.0.0.1:9")
            print(len(client.meta.service_model.operation_names), client.can_paginate("list_jobs_by_status"))
            print(client.waiter_names, client.meta.endpoint_url)
            """
        let output = try await Python.output(source: source, environment: ["AWS_DATA_PATH": folder])
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        #expect(lines == ["17 True", "['job_complete'] http://127.0.0.1:9"])
    }

    @Test("Without a folder it writes to where clients look by themselves")
    func findsHome() throws {
        let home = workspace.folder.path
        let result = try Tool("/usr/bin/env").run(
            ["HOME=\(home)", RecastProgram.tool.path, "sdk-model"],
            limit: 60
        )
        #expect(result.status == 0, "\(result.errorText)")
        let folder = workspace.url(".aws/models/elastictranscoder/2012-09-25")
        #expect(
            contents(of: folder) == [
                "endpoint-rule-set-1.json", "paginators-1.json", "service-2.json", "waiters-2.json",
            ]
        )
    }

    @Test("A folder that cannot be made is an error of one line")
    func failsCleanly() throws {
        let file = workspace.url("file")
        try Data().write(to: file)
        let result = try RecastProgram.tool.run(["sdk-model", file.path + "/models"], limit: 60)
        #expect(result.status == 6 && result.errorLines.count == 1, "\(result.errorText)")
    }
}
