import AWSSignature
import Foundation
import HTTPTransport
import Jobs
import Logging
import TestServers

@testable import AWSBackend

/// Our client and boto3, at one S3 server and in a folder of their own.
struct S3Bench: Sendable {
    static let attributes = ObjectAttributes(contentType: "video/mp4", metadata: ["job": "1"])

    let store: S3ObjectStore
    let boto: Boto
    let bucket: String
    /// What all keys of this bench begin with.
    let folder: String
    let address: ServerAddress

    init(_ server: TestServer) async throws {
        address = try await ServerRoom.shared.address(of: server)
        boto = try await ServerRoom.shared.boto(s3: server)
        bucket = try await BucketRoom.shared.bucket(at: server)
        folder = "test-\(UUID().uuidString.lowercased())/"
        store = Self.store(
            address.endpoint,
            Credentials(accessKeyID: address.accessKeyID, secretAccessKey: address.secretAccessKey)
        )
    }

    private init(_ other: S3Bench, endpoint: String) {
        (address, boto, bucket, folder) = (other.address, other.boto, other.bucket, other.folder)
        store = Self.store(
            endpoint,
            Credentials(accessKeyID: address.accessKeyID, secretAccessKey: address.secretAccessKey)
        )
    }

    /// The same folder through a proxy that fails as it is told.
    func behindProxy() async throws -> (S3Bench, FaultProxy) {
        let proxy = try await FaultProxy.start(before: address.endpoint)
        return (S3Bench(self, endpoint: proxy.endpoint), proxy)
    }

    static func store(_ endpoint: String, _ credentials: Credentials) -> S3ObjectStore {
        S3ObjectStore(
            client: AWSClient(
                configuration: AWSConfiguration(region: ServerRoom.region, endpoints: [.s3: endpoint]),
                credentials: FixedCredentials(credentials),
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    func location(_ key: String) -> ObjectLocation { ObjectLocation(bucket: bucket, key: folder + key) }

    func write(
        _ text: String,
        _ key: String,
        condition: WriteCondition = .none
    ) async throws(BackendError) -> String {
        try await store.write(
            Data(text.utf8),
            to: location(key),
            attributes: Self.attributes,
            condition: condition
        )
    }

    func text(_ key: String) async throws -> String {
        String(decoding: try await store.read(location(key), range: 0..<1 << 20, eTag: nil), as: UTF8.self)
    }

    /// What boto3 reads.
    func botoText(_ key: String) async throws -> String {
        let object = try await boto.call(
            "s3",
            "get_object",
            ["Bucket": .string(bucket), "Key": .string(folder + key)]
        )
        return String(decoding: object["Body"]?.data ?? Data(), as: UTF8.self)
    }
}

/// One bucket at each server: SeaweedFS reserves room for every one.
private actor BucketRoom {
    static let shared = BucketRoom()
    private var buckets: [TestServer: Task<String, any Error>] = [:]

    func bucket(at server: TestServer) async throws -> String {
        if let known = buckets[server] { return try await known.value }
        let made = Task {
            let name = "bucket-\(UUID().uuidString.lowercased())"
            let boto = try await ServerRoom.shared.boto(s3: server)
            try await boto.call("s3", "create_bucket", ["Bucket": .string(name)])
            return name
        }
        buckets[server] = made
        return try await made.value
    }
}

/// The code of the `BackendError` that `body` throws; `nil` when it throws none.
func code(of body: () async throws(BackendError) -> some Any) async -> BackendError.Code? {
    do throws(BackendError) {
        _ = try await body()
        return nil
    } catch { return error.code }
}
