import FFmpeg
import Foundation
import Testing

@testable import Transcoding

@Suite("Preset")
struct PresetTests {
    private let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("../../presets").standardized

    @Test("The web preset is found by name and by id", arguments: ["web", "1351620000001-100070"])
    func web(name: String) throws {
        let preset = try PresetLibrary(folders: [folder]).preset(name)
        #expect(preset.video?.bitsPerSecond == 2_200_000)
        #expect(preset.video?.maxSize == Size(1280, 720))
        #expect(preset.video?.profile == "main")
        #expect(preset.audio?.sampleRate == 44_100)
        #expect(preset.audio?.bitsPerSecond == 160_000)
    }

    @Test("Every wrong field is named at once")
    func namesAllProblems() throws {
        let json = #"{"Container":"mp4","Video":{"Codec":"vp8","BitRate":"abc"},"Audio":{"Codec":"AAC"}}"#
        let error = #expect(throws: TranscodingError.self) {
            try Preset(json: Data(json.utf8), named: "mine")
        }
        #expect(error?.code == .presetInvalid)
        for field in ["Video.Codec", "Video.BitRate", "Video.MaxWidth", "Audio.BitRate", "Audio.SampleRate"] {
            #expect(error?.message.contains(field) == true, "\(field) is not named")
        }
    }

    @Test("Every preset's document is read, and none has a problem")
    func readsAll() throws {
        let documents = PresetLibrary(folders: [folder]).documents()
        #expect(documents.count >= 62)
        for document in documents {
            #expect(Preset.problems(in: document.json) == [], "\(document.name)")
            #expect(try Preset(json: document.json, named: document.name).id == document.id)
        }
    }

    @Test(
        "An unknown name is told with those it may have been, or where none is known",
        arguments: [
            ("webb", "there is no preset webb; did you mean web? recast presets lists all"),
            ("nosuch", "there is no preset nosuch; recast presets lists all"),
            ("nosuch.json", "the preset file nosuch.json does not exist"),
        ]
    )
    func unknown(name: String, message: String) {
        let error = #expect(throws: TranscodingError.self) {
            try PresetLibrary(folders: [folder]).preset(name)
        }
        #expect(error?.code == .presetInvalid)
        #expect(error?.message == message)
        let empty = #expect(throws: TranscodingError.self) {
            try PresetLibrary(folders: [URL(fileURLWithPath: "/nowhere")]).preset("web")
        }
        #expect(empty?.message == "there is no preset web, nor any other, in /nowhere")
    }
}
