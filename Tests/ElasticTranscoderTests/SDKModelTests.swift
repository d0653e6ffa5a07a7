import ElasticTranscoder
import Foundation
import TestMedia
import TestServers
import Testing

@Suite("The model for clients")
struct SDKModelTests {
    private let folder: Workspace

    init() throws {
        folder = try Workspace()
        for (path, data) in SDKModel.files {
            let file = folder.url(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try data.write(to: file)
        }
    }

    @Test(
        "Every operation, member, constraint, error, paginator and waiter is as Amazon's model had it",
        .enabled(if: Python.old != nil)
    )
    func equalsOriginal() async throws {
        let script = Python.programs.appendingPathComponent("compare_models.py").path
        let result = try await Python.run(script, [folder.path("")], python: try #require(Python.old))
        #expect(result.outputText == "17 operations, 171 shapes\n\n")
    }

    @Test("A client that is given no address says so instead of calling Amazon")
    func needsAddress() async throws {
        let source = """
            import boto3
            client = boto3.client("elastictranscoder", region_name="eu-west-1")
            try:
                client.list_pipelines()
            except Exception as error:
                print(type(error).__name__, error)
            """
        let environment = [
            "AWS_DATA_PATH": folder.path(""), "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        ]
        let text = String(
            decoding: try await Python.output(source: source, environment: environment),
            as: UTF8.self
        )
        #expect(text.contains("the address of the service is missing"), "\(text)")
    }
}
