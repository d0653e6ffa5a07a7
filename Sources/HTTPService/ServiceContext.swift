package import AWSSignature
package import ElasticTranscoder
package import Foundation
package import Jobs

/// What the service works on.
package struct ServiceContext: Sendable {
    package var objects: any ObjectStore
    package var queue: any JobQueue
    package var store: any MetadataStore
    package var uploads: any UploadForms
    package var elasticTranscoder: ElasticTranscoderAPI
    /// Those of the configuration; clients make further ones, which are in the store.
    package var pipelines: [Pipeline]
    package var now: @Sendable () -> Date

    package init(
        objects: any ObjectStore,
        queue: any JobQueue,
        store: any MetadataStore,
        uploads: any UploadForms,
        elasticTranscoder: ElasticTranscoderAPI,
        pipelines: [Pipeline],
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.objects = objects
        self.queue = queue
        self.store = store
        self.uploads = uploads
        self.elasticTranscoder = elasticTranscoder
        self.pipelines = pipelines
        self.now = now
    }
}

/// Makes HTML forms with which a browser uploads one object.
package protocol UploadForms: Sendable {
    /// Where the form goes, and its fields but the file.
    ///
    /// `origin` is the address by which the client knows this service, such as `http://127.0.0.1:8080`.
    func form(
        for policy: PostPolicy,
        origin: String
    ) async throws(BackendError) -> (url: String, fields: [(name: String, value: String)])
}
