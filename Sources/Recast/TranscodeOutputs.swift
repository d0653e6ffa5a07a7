internal import Foundation
internal import Transcoding

/// Where the outputs of a transcode go.
extension TranscodeCommand {
    /// The presets' names as they were given.
    var chosen: [String] { presets.isEmpty ? ["web"] : presets }

    /// How outputs are told apart: the preset's name without what names of files had better not hold.
    private func shortName(_ preset: String) -> String {
        let name = (preset as NSString).lastPathComponent
        return preset.hasSuffix(".json") ? (name as NSString).deletingPathExtension : name
    }

    /// The ending of an output's name; a preset that cannot be read is refused later, with its reason.
    private func ending(_ preset: String) -> String {
        let library = try? PresetLibrary.standard(folder: Configuration.presetsFolder())
        return (try? library?.preset(preset))?.container.fileExtension ?? "mp4"
    }

    /// Where the rendition of an input by a preset goes.
    func outputPath(_ input: String, _ preset: String) -> String {
        let base = ((input as NSString).lastPathComponent as NSString).deletingPathExtension
        let ending = ending(preset)
        let full = "\(base).\(shortName(preset)).\(ending)"
        guard let output else { return full }
        guard isFolder(output) else { return output }
        return (output as NSString).appendingPathComponent(chosen.count > 1 ? full : "\(base).\(ending)")
    }

    /// What is wrong with a name for several outputs that is a file's and no folder's.
    func ambiguity(of path: String) -> String? {
        guard hasSeveralOutputs, !path.hasSuffix("/"), !FileManager.default.fileExists(atPath: path) else {
            return nil
        }
        let ending = (path as NSString).pathExtension.lowercased()
        guard chosen.contains(where: { self.ending($0) == ending }) else { return nil }
        let remedy = clips.join || inputs.count < 2 ? "" : ", or join the inputs with --join"
        return "\(path) is the name of one file, and there are several outputs; name a folder\(remedy)"
    }

    /// Whether outputs go into `path`: it is a folder, or will be one, as its slash or several outputs say.
    func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) { return isFolder.boolValue }
        return path.hasSuffix("/") || hasSeveralOutputs
    }

    private var hasSeveralOutputs: Bool { chosen.count > 1 || (inputs.count > 1 && !clips.join) }
}
