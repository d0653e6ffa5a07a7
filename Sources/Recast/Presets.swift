internal import Foundation
internal import Glibc
internal import Transcoding

extension PresetLibrary {
    /// The presets in `folder`, and those beside the program: installed under `share/recast/presets`, or in
    /// the source tree.
    static func standard(folder path: String?) -> PresetLibrary {
        var folders: [URL] = []
        if let path { folders.append(URL(fileURLWithPath: path)) }
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        folders.append(folder.appendingPathComponent("../share/recast/presets").standardized)
        for _ in 0..<5 {
            folders.append(folder.appendingPathComponent("presets"))
            folder.deleteLastPathComponent()
        }
        return PresetLibrary(folders: folders)
    }
}
