internal import Foundation

/// All pipelines: those of the configuration, and those that clients have made.
package struct PipelineDirectory: Sendable {
    private let configured: [Pipeline]
    private let store: any MetadataStore

    package init(configured: [Pipeline], store: any MetadataStore) {
        self.configured = configured
        self.store = store
    }

    /// The pipeline of this id; a configured one hides a stored one.
    ///
    /// - Throws: `invalid` when what is stored is no pipeline.
    package func pipeline(_ id: String) async throws(BackendError) -> Pipeline? {
        if let found = configured.first(where: { $0.id == id }) { return found }
        guard let document = try await store.document(.pipeline, id) else { return nil }
        guard let pipeline = try? JSONDecoder().decode(Pipeline.self, from: document.body) else {
            throw BackendError(.invalid, "pipeline \(id) cannot be read")
        }
        return pipeline
    }
}
