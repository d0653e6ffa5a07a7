internal import Foundation
internal import Glibc
internal import Transcoding

extension PresetLibrary {
    /// The presets beside the program: installed under `share/recast/presets`, or in the source tree.
    static func standard() -> PresetLibrary {
        var folders: [URL] = []
        if let path = ProcessInfo.processInfo.environment["RECAST_PRESETS"] {
            folders.append(URL(fileURLWithPath: path))
        }
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
