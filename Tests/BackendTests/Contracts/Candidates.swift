import Foundation
import TestServers

extension Candidate where Subject == ObjectStoreSubject {
    /// All that need no more than `make test` installs, or the one server that `RECAST_TEST_S3` names.
    static var objectStores: [Candidate] {
        let name = ProcessInfo.processInfo.environment["RECAST_TEST_S3"]
        if let server = name.flatMap(TestServer.init(rawValue:)) { return [.s3(server)] }
        return [.inMemory, .folder, .s3(.seaweedFS), .s3(.ministack)]
    }
}

extension Candidate where Subject == JobQueueSubject {
    static var jobQueues: [Candidate] { [.inMemory, .sqlite, .sqs(.ministack), .sqs(.moto)] }
}

extension Candidate where Subject == MetadataStoreSubject {
    static var metadataStores: [Candidate] { [.inMemory, .sqlite, .dynamoDB(.ministack), .dynamoDB(.moto)] }
}

extension Candidate where Subject == NotifierSubject {
    static var notifiers: [Candidate] { [.inMemory, .log, .sns(.ministack), .sns(.moto)] }
}
