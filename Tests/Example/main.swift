import Foundation
import Transcoding

let presets = PresetLibrary(folders: [URL(fileURLWithPath: "presets")])
let request = TranscodeRequest(
    inputPath: "clip.mov",
    outputPath: "clip.mp4",
    preset: try presets.preset("web")
)
for try await event in Transcoder().events(request) {
    switch event {
    case .progress(let progress): print("\(progress.seconds) of \(progress.totalSeconds ?? 0) s")
    case .finished(let result): print(result.duration, result.byteCount)
    }
}
