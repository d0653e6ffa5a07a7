package import Transcoding

/// All presets: those in files, and those that clients have made.
package struct PresetDirectory: Sendable {
    private let library: PresetLibrary
    private let store: any MetadataStore

    package init(library: PresetLibrary, store: any MetadataStore) {
        self.library = library
        self.store = store
    }

    /// The preset of a short name, an id or a file's path; one in a file hides a stored one.
    ///
    /// - Throws: `preset.invalid`, lasting, when there is none or it is wrong; what the store threw.
    package func preset(_ name: String) async throws(JobFailure) -> Preset {
        let reason: TranscodingError
        do { return try library.preset(name) } catch { reason = error }
        let document: StoredDocument?
        do { document = try await store.document(.preset, name) } catch { throw JobFailure(error) }
        guard let document else { throw JobFailure(reason) }
        do { return try Preset(json: document.body, named: name) } catch { throw JobFailure(error) }
    }
}
