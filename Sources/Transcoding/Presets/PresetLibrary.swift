public import Foundation

/// Finds presets by name, id or file.
public struct PresetLibrary: Sendable {
    /// A preset's file as it is.
    public struct Document: Sendable {
        /// The file's name without its extension.
        public let name: String
        /// As clients of the API name it.
        public let id: String
        /// The document, as it is on disk.
        public let json: Data

        /// What the preset is for, in words; `nil` when it does not say.
        public var text: String? {
            struct Described: Decodable { var Description: String? }
            return try? JSONDecoder().decode(Described.self, from: json).Description
        }
    }

    private let folders: [URL]

    /// - Parameter folders: looked through in order; each holds one JSON file a preset.
    public init(folders: [URL]) { self.folders = folders }

    /// The preset of a short name (`web`), an id (`1351620000001-100070`) or a JSON file's path.
    ///
    /// - Throws: `preset.invalid` when there is none or the document is wrong.
    public func preset(_ name: String) throws(TranscodingError) -> Preset {
        let document = try document(name)
        return try Preset(json: document.json, named: document.name)
    }

    /// The document of a short name, an id or a JSON file's path.
    ///
    /// - Throws: `preset.invalid` when there is none.
    public func document(_ name: String) throws(TranscodingError) -> Document {
        if name.hasSuffix(".json") {
            guard let data = FileManager.default.contents(atPath: name) else {
                let isThere = FileManager.default.fileExists(atPath: name)
                throw TranscodingError(
                    .presetInvalid,
                    "the preset file \(name) \(isThere ? "cannot be read" : "does not exist")"
                )
            }
            return Document(name: name, id: Self.id(data) ?? name, json: data)
        }
        let files = files()
        let name = Self.currentID(of: name)
        // The file of that name, before all are read for their ids.
        let isNamed = { (file: URL) in Self.shortName(file) == name }
        for file in files.filter(isNamed) + files.filter({ !isNamed($0) }) {
            guard let data = try? Data(contentsOf: file) else { continue }
            let short = Self.shortName(file)
            guard short == name || Self.id(data) == name else { continue }
            return Document(name: short, id: Self.id(data) ?? short, json: data)
        }
        guard !files.isEmpty else {
            let looked = folders.map(\.path).joined(separator: ", ")
            throw TranscodingError(.presetInvalid, "there is no preset \(name), nor any other, in \(looked)")
        }
        let question = NearestNames.question(NearestNames.of(name, among: files.map(Self.shortName)))
        let hint = [question, "recast presets lists all"].compactMap(\.self).joined(separator: " ")
        throw TranscodingError(.presetInvalid, "there is no preset \(name); \(hint)")
    }

    /// The documents that have an id, in the order of their ids; of two with the same name or id, the first.
    ///
    /// Whether the engine can do what they say is another question.
    public func documents() -> [Document] {
        var documents: [Document] = []
        var names: Set<String> = []
        var ids: Set<String> = []
        for file in files() {
            guard let data = try? Data(contentsOf: file), let id = Self.id(data) else { continue }
            let name = Self.shortName(file)
            guard !names.contains(name), ids.insert(id).inserted else { continue }
            names.insert(name)
            documents.append(Document(name: name, id: id, json: data))
        }
        return documents.sorted { $0.id < $1.id }
    }

    private static func shortName(_ file: URL) -> String { file.deletingPathExtension().lastPathComponent }

    private static func id(_ json: Data) -> String? {
        struct Identified: Decodable { var Id: String? }
        return try? JSONDecoder().decode(Identified.self, from: json).Id
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
