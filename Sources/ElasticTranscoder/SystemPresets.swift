internal import Foundation
internal import Transcoding

/// The presets that are files, by id and by name.
struct SystemPresets: Sendable {
    struct Entry: Sendable {
        let id: String
        let json: Data
        let value: JSONValue
    }

    /// In the order of their ids.
    let entries: [Entry]
    private let places: [String: Int]
    private let ids: [String: String]

    init(_ library: PresetLibrary) {
        var entries: [Entry] = []
        var ids: [String: String] = [:]
        for document in library.documents() where Self.isAddressable(document.id) {
            guard let value = JSONValue(json: document.json) else { continue }
            entries.append(Entry(id: document.id, json: document.json, value: value))
            ids[document.name] = document.id
        }
        self.entries = entries
        self.ids = ids
        places = Dictionary(entries.enumerated().map { ($1.id, $0) }) { first, _ in first }
    }

    /// Whether a client can name the id: Recast's own presets have others, and no place in this API.
    private static func isAddressable(_ id: String) -> Bool {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 13, parts[1].utf8.count == 6 else { return false }
        return parts[0].utf8.allSatisfy { (48...57).contains($0) }
    }

    /// The preset of an id, or the one that took its place.
    subscript(id: String) -> Entry? { places[PresetLibrary.currentID(of: id)].map { entries[$0] } }

    /// The id of the preset with a short name such as `web`.
    func id(ofName name: String) -> String? { ids[name] }
}
