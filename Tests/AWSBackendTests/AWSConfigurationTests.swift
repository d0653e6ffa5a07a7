import Jobs
import Testing

@testable import AWSBackend

@Suite("AWS configuration")
struct AWSConfigurationTests {
    /// No files of whoever runs the tests.
    private static let noFiles = ["AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"]

    private static func configuration(_ settings: [String: String]) throws(BackendError) -> AWSConfiguration {
        try AWSConfiguration(environment: noFiles.merging(settings) { $1 })
    }

    @Test(
        "A bucket goes into the host, and into the path where the host would not do",
        arguments: [
            ([:], "videos", "https://videos.s3.eu-west-1.amazonaws.com"),
            ([:], "videos.oico.com", "https://s3.eu-west-1.amazonaws.com/videos.oico.com"),
            (["RECAST_S3_PATH_STYLE": "true"], "videos", "https://s3.eu-west-1.amazonaws.com/videos"),
            (["RECAST_S3_PATH_STYLE": "false"], "a.b", "https://a.b.s3.eu-west-1.amazonaws.com"),
            (["AWS_REGION": "cn-north-1"], "videos", "https://videos.s3.cn-north-1.amazonaws.com.cn"),
            (["AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"], "videos", "http://127.0.0.1:4566/videos"),
            (
                [
                    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                    "AWS_ENDPOINT_URL_S3": "https://s3.example:443/base",
                ],
                "videos", "https://s3.example/base/videos"
            ),
            (
                ["AWS_ENDPOINT_URL_S3": "http://s3.example:80", "RECAST_S3_PATH_STYLE": "0"],
                "videos", "http://videos.s3.example"
            ),
            (
                ["AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"], "videos",
                "https://videos.s3.eu-west-1.amazonaws.com"
            ),
        ] as [([String: String], String, String)]
    )
    func placesBuckets(settings: [String: String], bucket: String, url: String) throws {
        let configuration = try Self.configuration(["AWS_REGION": "eu-west-1"].merging(settings) { $1 })
        #expect(configuration.endpoint(of: .s3, bucket: bucket).url == url)
    }

    @Test("AWS_REGION comes before AWS_DEFAULT_REGION, and an empty setting is none")
    func findsRegion() throws {
        #expect(try Self.configuration(["AWS_REGION": "a-1", "AWS_DEFAULT_REGION": "b-1"]).region == "a-1")
        #expect(try Self.configuration(["AWS_REGION": "", "AWS_DEFAULT_REGION": "b-1"]).region == "b-1")
    }

    @Test(
        "A wrong setting is named",
        arguments: [
            ([:], "AWS_REGION"), (["AWS_REGION": "evil.com/"], "AWS_REGION"),
            (["AWS_REGION": "a-1", "AWS_ENDPOINT_URL_SNS": "127.0.0.1:4566"], "AWS_ENDPOINT_URL_SNS"),
            (["AWS_REGION": "a-1", "AWS_ENDPOINT_URL": "http://h?x"], "AWS_ENDPOINT_URL"),
            (["AWS_REGION": "a-1", "RECAST_S3_PATH_STYLE": "maybe"], "RECAST_S3_PATH_STYLE"),
        ] as [([String: String], String)]
    )
    func namesWrongSettings(settings: [String: String], name: String) {
        do throws(BackendError) {
            _ = try Self.configuration(settings)
            Issue.record("\(settings) was accepted")
        } catch {
            #expect(error.code == .invalid)
            #expect(error.message.contains(name))
        }
    }
}
