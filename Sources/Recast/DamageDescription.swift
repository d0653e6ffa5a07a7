internal import Foundation
internal import Transcoding

extension Description {
    static func fields(_ damage: InputDamage) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "pictureErrors": damage.pictureErrors, "lostPictures": damage.lostPictures,
            "leadingErrors": damage.leadingErrors, "soundErrors": damage.soundErrors,
            "containerErrors": damage.containerErrors,
            "missingSeconds": damage.missingSeconds, "tolerable": damage.isTolerable,
        ]
        if let failure = damage.readFailure { fields["readFailure"] = failure }
        return fields
    }

    /// A recipe as it is written to a file.
    static func fields(_ recipe: Recipe) -> any Sendable {
        guard let tree = try? JSONDecoder().decode(JSONTree.self, from: recipe.json) else {
            return [String: String]()
        }
        return tree.value
    }
}

/// Any JSON, as what `Console.event` takes.
private struct JSONTree: Decodable {
    let value: any Sendable

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            value = flag
        } else if let number = try? container.decode(Int.self) {
            value = number
        } else if let number = try? container.decode(Double.self) {
            value = number
        } else if let text = try? container.decode(String.self) {
            value = text
        } else if let list = try? container.decode([JSONTree].self) {
            value = list.map(\.value)
        } else {
            value = try container.decode([String: JSONTree].self).mapValues(\.value)
        }
    }
}
