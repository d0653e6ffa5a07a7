public import Foundation

/// Finds presets by name, id or file.
public struct PresetLibrary: Sendable {
    private let folders: [URL]

    /// - Parameter folders: looked through in order; each holds one JSON file a preset.
    public init(folders: [URL]) { self.folders = folders }

    /// The preset of a short name (`web`), an id (`1351620000001-100070`) or a JSON file's path.
    ///
    /// - Throws: `preset.invalid` when there is none or the document is wrong.
    public func preset(_ name: String) throws(TranscodingError) -> Preset {
        if name.hasSuffix(".json") {
            guard let data = FileManager.default.contents(atPath: name) else {
                throw TranscodingError(.presetInvalid, "preset file \(name) cannot be read")
            }
            return try Preset(json: data, named: name)
        }
        for file in files() {
            guard let data = try? Data(contentsOf: file) else { continue }
            let short = file.deletingPathExtension().lastPathComponent
            let id = (try? JSONDecoder().decode(PresetDocument.self, from: data))?.Id
            guard short == name || id == name else { continue }
            return try Preset(json: data, named: short)
        }
        let known = files().map { $0.deletingPathExtension().lastPathComponent }.joined(separator: ", ")
        throw TranscodingError(.presetInvalid, "there is no preset \(name); known: \(known)")
    }

    private func files() -> [URL] {
        folders.flatMap { folder in
            let all = try? FileManager.default.contentsOfDirectory(
                at: folder,
                includingPropertiesForKeys: nil
            )
            return (all ?? []).filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        }
    }
}
