import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("The members of a preset's document")
struct PresetFieldTests {
    /// The document of `name`, with the text at `path` replaced, or left out.
    private func document(_ name: String, _ path: String, _ text: String?) throws -> Data {
        let file = Samples.packageRoot.appendingPathComponent("presets/\(name).json")
        let whole = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let root = try #require(whole as? [String: Any])
        func changed(_ object: [String: Any], _ names: ArraySlice<String>) -> [String: Any] {
            var object = object
            guard let first = names.first else { return object }
            if names.count == 1 {
                object[first] = text
            } else {
                object[first] = changed(object[first] as? [String: Any] ?? [:], names.dropFirst())
            }
            return object
        }
        let names = path.split(separator: ".").map(String.init)
        return try JSONSerialization.data(withJSONObject: changed(root, names[...]))
    }

    @Test(
        "A value that cannot be is refused by the name of its member, with what is allowed",
        arguments: [
            ("web", "Container", "avi", "mp4, fmp4, webm"), ("web", "Container", nil, "mp4"),
            ("web", "Video.Codec", "vp8", "H.264, H.265, AV1"), ("gif", "Video.Codec", "H.264", "gif"),
            ("web", "Video.CodecOptions.Profile", "high10", "baseline, main, high"),
            ("web", "Video.CodecOptions.Level", "5.1", "4.1"),
            ("web", "Video.CodecOptions.MaxReferenceFrames", "17", "0 to 16"),
            ("web", "Video.CodecOptions.InterlacedMode", "Odd", "Progressive, TopFirst"),
            ("generic-720p", "Video.CodecOptions.InterlacedMode", "TopFirst", "baseline"),
            ("web", "Video.CodecOptions.ColorSpaceConversionMode", "Yes", "Bt709toBt601"),
            ("web", "Video.CodecOptions.MaxBitRate", "2000", "BitRate or more"),
            ("web", "Video.CodecOptions.BufferSize", "0", "1 to 10000000"),
            ("web", "Video.CodecOptions", "fast", "an object"),
            ("web", "Video.KeyframesMaxDist", "0", "1 to 100000"),
            ("web", "Video.FixedGOP", "yes", "true, false"),
            ("web", "Video.BitRate", "15", "auto, 16 to 62500"), ("web", "Video.BitRate", nil, "16 to 62500"),
            ("web", "Video.FrameRate", "12", "auto, 10, 15, 23.97"),
            ("pal-mpg", "Video.FrameRate", "15", "23.97"),
            ("hls-video-2m", "Video.MaxFrameRate", "auto", "10, 15"),
            ("web", "Video.MaxWidth", "641", "even numbers from 128 to 4096"),
            ("web", "Video.MaxHeight", "3074", "96 to 3072"),
            ("web", "Video.SizingPolicy", "Crop", "Fit, Fill, Stretch"),
            ("web", "Video.PaddingPolicy", nil, "NoPad"),
            ("web", "Video.DisplayAspectRatio", "2:1", "16:9"),
            ("web", "Video.Resolution", "640x360", "only without MaxWidth"),
            ("pal-mpg", "Video.CodecOptions.ChromaSubsampling", "yuv444p", "yuv420p, yuv422p"),
            ("webm-720p", "Video.CodecOptions.Profile", "4", "0, 1, 2, 3"),
            ("gif", "Video.CodecOptions.LoopCount", "101", "Infinite, 0 to 100"),
            ("web", "Audio.Codec", "vorbis", "AAC, mp3"), ("web", "Audio.SampleRate", "8000", "auto, 22050"),
            ("mp3-128k", "Audio.SampleRate", "96000", "48000"), ("web", "Audio.BitRate", "63", "64 to 320"),
            ("web", "Audio.Channels", "3", "auto, 0, 1, 2"),
            ("web", "Audio.CodecOptions.Profile", "LD", "AAC-LC"),
            ("web", "Audio.AudioPackingMode", "OneChannelPerTrack", "SingleTrack"),
            ("wav-16bit", "Audio.CodecOptions.BitDepth", "12", "8, 16, 24, 32"),
            ("wav-16bit", "Audio.CodecOptions.Signed", "Unsigned", "Signed"),
            ("wav-16bit", "Audio.CodecOptions.BitOrder", "BigEndian", "LittleEndian"),
            ("web", "Engine.Speed", "Warp", "Fastest, Fast, Balanced, Best"),
            ("web", "Engine.Quality", "64", "0 to 63"),
            ("web", "Engine.RateControl", "Best", "Average, Quality"),
            ("web", "Engine.ExactFrameRate", "maybe", "true, false"),
        ] as [(String, String, String?, String)]
    )
    func refuses(name: String, path: String, text: String?, allowed: String) throws {
        let problems = Preset.problems(in: try document(name, path, text))
        let named = problems.filter { $0.hasPrefix("\(path) ") }
        #expect(named.contains { $0.contains(allowed) }, "\(problems)")
    }

    @Test(
        "A member nobody knows is refused: it may be a known one, misspelt",
        arguments: [
            "Contaner", "Video.SizingPolcy", "Video.CodecOptions.LoopCount", "Audio.Bitrate", "Engine.Fast",
        ]
    )
    func refusesUnknown(path: String) throws {
        let problems = Preset.problems(in: try document("web", path, "x"))
        let name = try #require(path.split(separator: ".").last)
        #expect(problems.contains { $0.contains("unknown member \(name)") }, "\(problems)")
    }

    @Test("Everything that is wrong is said at once")
    func collects() {
        let json = """
            {"Container": "mp4", "Video": {"Codec": "vp8", "BitRate": "abc", "MaxWidth": "7"},
            "Audio": {"Codec": "opus", "Channels": "9"}, "Engine": {"Speed": "x"}}
            """
        let problems = Preset.problems(in: Data(json.utf8)).joined(separator: "\n")
        for member in [
            "Video.Codec", "Video.BitRate", "Video.MaxWidth", "Video.MaxHeight", "Video.FrameRate",
            "Video.SizingPolicy", "Video.PaddingPolicy", "Audio.Codec", "Audio.Channels", "Audio.SampleRate",
            "Audio.BitRate", "Engine.Speed",
        ] { #expect(problems.contains("\(member) is"), "\(member) is not named") }
    }

    @Test(
        "What is no document is said to be none",
        arguments: ["", "[]", "7", "{", #"{"Container": {"a": 1}}"#, "{}"]
    )
    func refusesNonsense(json: String) { #expect(!Preset.problems(in: Data(json.utf8)).isEmpty) }

    @Test("Numbers and truth values need no quotes")
    func takesNumbers() throws {
        let json = """
            {"Container": "webm", "Video": {"Codec": "vp9", "BitRate": 800, "KeyframesMaxDist": 60, "FixedGOP": true,
            "FrameRate": 25, "MaxWidth": 640, "MaxHeight": 360, "SizingPolicy": "Fit", "PaddingPolicy": "Pad"}}
            """
        let preset = try Preset(json: Data(json.utf8), named: "mine")
        #expect(preset.video?.bitsPerSecond == 800_000 && preset.video?.hasFixedGOP == true)
        #expect(preset.video?.frameRate == .fixed(Rational(25, 1)) && preset.audio == nil)
    }

    @Test("Rates that the service wrote short are those of NTSC")
    func readsNTSC() throws {
        let preset = try Preset(json: try document("web", "Video.FrameRate", "23.97"), named: "mine")
        #expect(preset.video?.frameRate == .fixed(Rational(24_000, 1001)))
    }

    @Test(
        "Exact rates are the default of what is cut into segments or broadcast",
        arguments: [
            ("hls-2m", true), ("dash-video-600k", true), ("pal-mpg", true), ("full-hd-1080i60-mp4", true),
            ("web", false), ("webm-720p", false),
        ]
    )
    func defaultsToExact(name: String, isExact: Bool) throws {
        let library = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        #expect(try library.preset(name).engine.exactFrameRate == isExact)
    }

    @Test("No sound, and sound of no channels, are the same; nothing at all is refused")
    func silences() throws {
        #expect(try Preset(json: try document("web", "Audio.Channels", "0"), named: "mine").audio == nil)
        #expect(!Preset.problems(in: try document("mp3-128k", "Audio.Channels", "0")).isEmpty)
    }
}
