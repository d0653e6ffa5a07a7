import Foundation
import TestMedia
import Transcoding

/// What a result says of its making.
enum RecipeFixture {
    /// As the engine's process sends it.
    static let json: String = {
        let library = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        let preset = (try? library.preset("web")).flatMap { try? JSONEncoder().encode($0) } ?? Data()
        return """
            {"sources": [], "preset": \(String(decoding: preset, as: UTF8.self)), "engine": "0.1.0",
            "release": "5.1", "libraries": {}, "allowsDamage": false, "outputByteCount": 100,
            "threads": {"cores": 2, "decoder": 3, "filter": 2, "encoder": 3}, "isRepeatable": false}
            """
    }()
}
