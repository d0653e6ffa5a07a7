import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("Which encoder a preset means")
struct EncoderChoiceTests {
    private func preset(_ name: String) throws -> Preset {
        let folder = Samples.packageRoot.appendingPathComponent("presets")
        return try PresetLibrary(folders: [folder]).preset(name)
    }

    private func choice(
        _ preset: Preset,
        seconds: Double? = 600,
        width: Int = 1280
    ) throws -> VideoEncoderChoice {
        VideoEncoderChoice(
            try #require(preset.video),
            preset.engine,
            seconds: seconds,
            width: width,
            threads: 2
        )
    }

    @Test("The web preset has the default speed and its own bounds")
    func knowsWeb() throws {
        let choice = try choice(preset("web"))
        #expect(choice.name == "libx264")
        #expect(
            choice.options == [
                "preset": "faster", "profile": "main", "level": "3.1",
                "x264-params": "rc-lookahead=40:trellis=1:me=dia:aq-strength=0.5:qcomp=0.5"
                    + ":chroma-qp-offset=-1:dct-decimate=0:ref=1",
                "g": "90", "b": "2200000", "maxrate": "14000000", "bufsize": "14000000",
            ]
        )
    }

    @Test(
        "Each speed is a choice of its own where the encoder has four",
        arguments: ["web", "web-hevc", "web-av1"]
    )
    func tellsSpeedsApart(name: String) throws {
        var preset = try preset(name)
        let all = try EngineOptions.Speed.allCases.map { speed in
            preset.engine.speed = speed
            return try choice(preset).options
        }
        #expect(Set(all).count == all.count)
    }

    @Test("No speed takes more reference pictures than the preset allows", arguments: [1, 2, 3, 16])
    func boundsReferences(most: Int) throws {
        for speed in EngineOptions.Speed.allCases {
            let settings = X264Settings(speed, maxReferenceFrames: most)
            let references = settings.parameters.filter { $0.name == "ref" }.compactMap { Int($0.value) }
            #expect(references == [min(speed == .best ? 3 : 1, most)])
        }
    }

    @Test("A clip that fits whole into the decoder's buffer is encoded without one")
    func leavesBufferOut() throws {
        let options = try choice(preset("web"), seconds: 2).options
        #expect(options["maxrate"] == nil && options["bufsize"] == nil && options["b"] == "2200000")
    }

    @Test("A preset's own maximum holds, within what its level allows")
    func bounds() throws {
        var preset = try preset("full-hd-1080i60-mp4")
        #expect(try choice(preset).options["maxrate"] == "10000000")
        // Level 4.1 has a buffer of 62.5 Mbit; the preset asks for 100.
        #expect(try choice(preset).options["bufsize"] == "62500000")
        preset.video?.level = "3"
        #expect(try choice(preset).options["bufsize"] == "10000000")
    }

    @Test("A fixed GOP allows no keyframe before its end")
    func fixesGOP() throws {
        let options = try choice(preset("hls-2m")).options
        #expect(options["g"] == "90" && options["keyint_min"] == "90" && options["sc_threshold"] == "0")
        let mpeg2 = try choice(preset("pal-mpg")).options
        #expect(mpeg2["g"] == "12" && mpeg2["mpv_flags"] == "+strict_gop")
    }

    @Test("A quality goes with the preset's rate as the most it may take")
    func aimsAtQuality() throws {
        let options = try choice(preset("web-capped")).options
        #expect(options["crf"] == "23" && options["b"] == nil)
        #expect(options["maxrate"] == "2200000" && options["bufsize"] == "4400000")
    }

    @Test("An automatic rate is a quality within the level's bounds")
    func takesAuto() throws {
        var preset = try preset("web")
        preset.video?.bitsPerSecond = nil
        let options = try choice(preset).options
        #expect(options["crf"] == "23" && options["b"] == nil && options["maxrate"] == "14000000")
    }

    @Test(
        "Each codec has its encoder",
        arguments: [
            ("web-hevc", "libx265"), ("webm-720p", "libvpx"), ("webm-vp9-720p", "libvpx-vp9"),
            ("web-av1", "libsvtav1"), ("ntsc-mpg", "mpeg2video"), ("gif", "gif"),
        ]
    )
    func namesEncoders(name: String, encoder: String) throws {
        #expect(try choice(preset(name)).name == encoder)
    }

    @Test("VP9's columns are 256 pixels wide at least", arguments: [(640, "1"), (1280, "2"), (426, "0")])
    func dividesColumns(width: Int, columns: String) throws {
        #expect(try choice(preset("webm-vp9-720p"), width: width).options["tile-columns"] == columns)
    }

    @Test(
        "Each codec of sound has its encoder and samples",
        arguments: [
            ("aac-128k", "aac", SampleFormat.floatPlanar), ("mp3-128k", "libmp3lame", .floatPlanar),
            ("pal-mpg", "libtwolame", .floatPlanar), ("webm-720p", "libvorbis", .floatPlanar),
            ("opus-128k", "libopus", .float), ("flac-cd", "flac", .signed16),
            ("wav-8bit", "pcm_u8", .unsigned8), ("wav-16bit", "pcm_s16le", .signed16),
        ]
    )
    func namesSoundEncoders(name: String, encoder: String, format: SampleFormat) throws {
        let choice = AudioEncoderChoice(try #require(try preset(name).audio))
        #expect(choice.name == encoder && choice.sampleFormat == format)
    }

    @Test("24 bits travel in 32 and say so")
    func marksDepth() throws {
        var audio = try #require(try preset("flac-cd").audio)
        audio.bitDepth = 24
        let choice = AudioEncoderChoice(audio)
        #expect(choice.sampleFormat == .signed32 && choice.options["bits_per_raw_sample"] == "24")
        audio.codec = .pcm
        #expect(AudioEncoderChoice(audio).name == "pcm_s24le")
    }

    @Test(
        "Repetitions of an animation are counted as libav counts them",
        arguments: [(nil, "0"), (0, "-1"), (3, "3")]
    )
    func loops(count: Int?, option: String) throws {
        var preset = try preset("gif")
        preset.video?.loopCount = count
        #expect(MuxerChoice(preset).options["loop"] == option)
    }

    @Test("Fragments of sound alone begin every two seconds, those of pictures at keyframes")
    func fragments() throws {
        #expect(MuxerChoice(try preset("dash-audio-128k")).options["frag_duration"] == "2000000")
        #expect(MuxerChoice(try preset("dash-video-600k")).options["frag_duration"] == nil)
    }

    @Test("Pictures that share a palette fit into 96 MiB")
    func boundsPalettes() {
        #expect(VideoEncodeStage.windowCount(Size(320, 180)) == 150)
        let count = VideoEncodeStage.windowCount(Size(1920, 1080))
        #expect(count >= 8 && count * 1920 * 1080 * 6 <= 96 << 20)
        #expect(VideoEncodeStage.windowCount(Size(1 << 20, 1 << 20)) == 1)
    }
}
