internal import Foundation

/// A server that tests are run against.
package enum TestServer: String, Sendable, CaseIterable {
    /// S3 alone; verifies signatures.
    case seaweedFS = "seaweedfs"
    /// S3, SQS, SNS, DynamoDB and more; verifies signatures.
    case ministack
    /// The same services by other authors; verifies nothing.
    case moto
    /// S3 of Ceph; takes root and Debian's packages.
    case cephGateway = "radosgw"
}

/// Where a server listens, and the key it accepts.
package struct ServerAddress: Codable, Sendable, Equatable {
    /// Such as `http://127.0.0.1:40123`.
    package let endpoint: String
    package let accessKeyID: String
    package let secretAccessKey: String
}

/// Starts each server when it is first asked for; all tests of the process share it.
///
/// They end with the process. All of them accept the same key.
package actor ServerRoom {
    package static let shared = ServerRoom()
    package static let region = "us-east-1"

    private var starts: [TestServer: Task<(LineProcess, ServerAddress), any Error>] = [:]
    private var bridges: [[TestServer]: Task<Boto, any Error>] = [:]

    /// Where the server is; starts it when nobody has yet.
    package func address(of server: TestServer) async throws -> ServerAddress {
        if let start = starts[server] { return try await start.value.1 }
        let start = Task {
            var environment: [String: String] = [:]
            if server != .ministack {
                // ministack alone cannot be told its key, so the others take that one.
                let key = try await address(of: .ministack)
                environment["AWS_ACCESS_KEY_ID"] = key.accessKeyID
                environment["AWS_SECRET_ACCESS_KEY"] = key.secretAccessKey
            }
            let process = try LineProcess("serve.py", [server.rawValue], environment: environment)
            let address = try JSONDecoder().decode(
                ServerAddress.self,
                from: Data(try await process.line().utf8)
            )
            return (process, address)
        }
        starts[server] = start
        return try await start.value.1
    }

    /// The settings under which an AWS client talks to `s3` for objects and to `others` for the rest.
    package func environment(
        s3: TestServer = .seaweedFS,
        others: TestServer = .ministack
    ) async throws -> [String: String] {
        let address = try await address(of: others)
        return [
            "AWS_ACCESS_KEY_ID": address.accessKeyID,
            "AWS_SECRET_ACCESS_KEY": address.secretAccessKey,
            "AWS_REGION": Self.region,
            "AWS_DEFAULT_REGION": Self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_S3": try await self.address(of: s3).endpoint,
            "AWS_ENDPOINT_URL_SQS": address.endpoint,
            "AWS_ENDPOINT_URL_SNS": address.endpoint,
            "AWS_ENDPOINT_URL_DYNAMODB": address.endpoint,
            "AWS_ENDPOINT_URL_STS": address.endpoint,
        ]
    }

    /// boto3 under those settings.
    package func boto(s3: TestServer = .seaweedFS, others: TestServer = .ministack) async throws -> Boto {
        if let bridge = bridges[[s3, others]] { return try await bridge.value }
        let bridge = Task { try Boto(environment: try await environment(s3: s3, others: others)) }
        bridges[[s3, others]] = bridge
        return try await bridge.value
    }
}
