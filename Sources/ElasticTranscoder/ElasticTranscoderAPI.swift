internal import Foundation
package import Jobs
package import Transcoding

/// Elastic Transcoder's API of 2012-09-25 over the stores of jobs, pipelines and presets.
package struct ElasticTranscoderAPI: Sendable {
    /// Names this service in ARNs.
    package struct Settings: Sendable {
        package var region = "us-east-1"
        /// 12 digits.
        package var account = "000000000000"

        package init() {}
    }

    private let store: any MetadataStore
    private let objects: any ObjectStore
    private let queue: any JobQueue
    private let presets: PresetLibrary
    private let settings: Settings

    package init(
        store: any MetadataStore,
        objects: any ObjectStore,
        queue: any JobQueue,
        presets: PresetLibrary,
        settings: Settings = Settings()
    ) {
        self.store = store
        self.objects = objects
        self.queue = queue
        self.presets = presets
        self.settings = settings
    }

    /// Answers a request whose sender is known to be who they say.
    package func respond(to request: APIRequest) async -> APIResponse {
        APIResponse(
            status: 400,
            errorType: "IncompatibleVersionException",
            body: Data(#"{"message":"The path \#(request.path) belongs to no operation."}"#.utf8)
        )
    }
}
