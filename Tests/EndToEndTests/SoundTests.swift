import Foundation
import TestMedia
import Testing

/// What becomes of sound, judged by ffmpeg's measurements.
@Suite("Sound", .serialized)
struct SoundTests {
    private let workspace: Workspace
    private let output: URL

    init() throws {
        workspace = try Workspace()
        output = workspace.url("output.wav")
    }

    /// Makes sound of expressions for aevalsrc, one a channel, in a file of some format.
    private func make(
        _ channels: [String],
        layout: String,
        seconds: Double = 2,
        _ file: String = "input.mkv",
        _ arguments: [String] = ["-c:a", "pcm_f32le"]
    ) throws -> String {
        let source = "aevalsrc=exprs=\(channels.joined(separator: "|")):s=48000:d=\(seconds):c=\(layout)"
        let path = workspace.path(file)
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source] + arguments + [path]
        )
        return path
    }

    private func transcode(_ input: String, _ options: [String] = []) throws {
        let result = try RecastProgram.tool.run(
            ["transcode", input, "-o", output.path, "--preset", "wav-16bit", "--force"] + options
        )
        try #require(result.status == 0, "\(result.errorText)")
    }

    /// The largest magnitude and the effective value of each channel, 1 being full scale.
    private func levels(_ path: String, _ filter: String = "anull") throws -> [(peak: Double, rms: Double)] {
        let count = try #require(try Judge.probe(path).audio?.channels)
        let data = try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-i", path, "-af", filter, "-f", "f32le", "-",
        ])
        return data.withUnsafeBytes { bytes in
            let all = bytes.bindMemory(to: Float.self)
            return (0..<count).map { channel in
                let samples = stride(from: channel, to: all.count, by: count).map { Double(all[$0]) }
                let power = samples.reduce(0) { $0 + $1 * $1 } / Double(max(samples.count, 1))
                return (samples.map(abs).max() ?? 0, power.squareRoot())
            }
        }
    }

    private func sine(_ frequency: Int, _ level: Double) -> String { "\(level)*sin(2*PI*\(frequency)*t)" }

    @Test(
        "Full scale in every channel does not clip in stereo",
        arguments: ["5.1", "5.1(side)", "7.1", "quad", "4.0", "3.0", "6.1"]
    )
    func neverClips(layout: String) throws {
        let count = ["5.1": 6, "5.1(side)": 6, "7.1": 8, "quad": 4, "4.0": 4, "3.0": 3, "6.1": 7]
        let channels = (0..<(count[layout] ?? 2)).map { sine(300 + 170 * $0, 1) }
        try transcode(make(channels, layout: layout))
        for level in try levels(output.path) {
            #expect(level.peak < 0.99, "\(level.peak)")
            #expect(level.rms > 0.25, "\(level.rms)")
        }
    }

    @Test("A voice in the centre keeps its level, 3 dB down in each of two channels; the LFE is left out")
    func keepsDialogue() throws {
        let silence = "0"
        try transcode(
            make([silence, silence, sine(1000, 0.5), sine(60, 1), silence, silence], layout: "5.1")
        )
        for level in try levels(output.path) { #expect(abs(level.peak - 0.3536) < 0.005, "\(level.peak)") }
        try transcode(make([silence, silence, silence, sine(60, 1), silence, silence], layout: "5.1"))
        #expect(try levels(output.path).allSatisfy { $0.peak < 0.001 })
    }

    @Test("Mono is as loud in both channels")
    func doublesMono() throws {
        try transcode(make([sine(1000, 0.5)], layout: "mono"))
        let found = try levels(output.path)
        #expect(found.count == 2)
        for level in found { #expect(abs(level.peak - 0.5) < 0.002, "\(level.peak)") }
    }

    @Test("Stereo at full scale goes through as it is")
    func leavesStereo() throws {
        try transcode(make([sine(441, 1), sine(882, 1)], layout: "stereo"))
        for level in try levels(output.path) { #expect(level.peak > 0.995, "\(level.peak)") }
    }

    @Test("A clock that runs 0.1 % fast leaves sound with its pictures, and without clicks")
    func followsDrift() throws {
        var recipe = ClipRecipe(width: 64, height: 36, seconds: 60)
        recipe.rate = 5
        let base = try recipe.make(workspace.url("base.mkv"))
        let input = workspace.path("drift.mkv")
        let slow = ["-c", "copy", "-bsf:a", "setts=ts=TS*1.001"]
        try Tool.ffmpeg.output(["-nostdin", "-v", "error", "-i", base] + slow + [input])
        let rendition = workspace.url("drift.mp4")
        let result = try RecastProgram.transcode(input, to: rendition)
        try #require(result.status == 0, "\(result.errorText)")
        let beeps = try Judge.beepTimes(rendition.path)
        #expect(beeps.count == 60)
        for (second, beep) in beeps.enumerated() {
            #expect(abs(beep - Double(second) * 1.001) < 0.02, "beep \(second) at \(beep)")
        }
        let tone = try make(
            [sine(1000, 0.5), sine(1000, 0.5)],
            layout: "stereo",
            seconds: 60,
            "tone.mka",
            ["-c:a", "flac", "-bsf:a", "setts=ts=TS*1.001"]
        )
        try transcode(tone)
        // Without the tone and what stretching makes of it, nothing is left.
        let rest = try levels(
            output.path,
            "bandreject=f=1000:width_type=h:w=400,highpass=f=3000,atrim=start=0.5:end=59.5"
        )
        for level in rest { #expect(level.peak < 0.005, "\(level.peak)") }
    }

    @Test("Rate and layout may change in the middle of a stream")
    func changesInStream() throws {
        let first = try make(
            [sine(1000, 0.4), sine(1000, 0.4)],
            layout: "stereo",
            seconds: 1,
            "a.ts",
            ["-c:a", "mp2"]
        )
        let second = try make(
            [sine(1000, 0.4)],
            layout: "mono",
            seconds: 1,
            "b.ts",
            ["-c:a", "mp2", "-ar", "24000", "-output_ts_offset", "1.03"]
        )
        let joined = workspace.url("c.ts")
        try (Data(contentsOf: URL(fileURLWithPath: first)) + Data(contentsOf: URL(fileURLWithPath: second)))
            .write(to: joined)
        try transcode(joined.path)
        let length = try #require(try Judge.probe(output.path).format.duration)
        #expect(abs(length - 2.03) < 0.06, "\(length)")
        for part in ["atrim=0.2:0.8", "atrim=1.3:1.8"] {
            for level in try levels(output.path, part) {
                #expect(abs(level.rms - 0.283) < 0.02, "\(level.rms)")
            }
        }
    }

    @Test("Of several languages the one asked for is taken, else the default")
    func choosesLanguage() throws {
        let input = workspace.path("languages.mkv")
        let tones = [(300, "eng"), (1000, "ger"), (3000, "fre")]
        let sources = tones.flatMap { ["-f", "lavfi", "-i", "sine=frequency=\($0.0):duration=1"] }
        let maps = tones.indices.flatMap {
            ["-map", "\($0)", "-metadata:s:a:\($0)", "language=\(tones[$0].1)"]
        }
        let dispositions = [
            "-disposition:a:0", "default", "-disposition:a:1", "0", "-disposition:a:2", "comment",
        ]
        try Tool.ffmpeg.output(
            ["-nostdin", "-v", "error"] + sources + maps + dispositions + ["-c:a", "flac", input]
        )
        for (language, tone) in [("de", 1000), ("ita", 300), ("fr", 3000)] {
            try transcode(input, ["--language", language])
            let loud = try levels(output.path, "bandpass=f=\(tone):width_type=h:w=100")
            #expect(loud.allSatisfy { $0.rms > 0.05 }, "\(language): \(loud)")
        }
    }

    @Test("Sound alone makes sound; a preset with pictures refuses it and says why")
    func handlesSoundAlone() throws {
        let cover = workspace.path("cover.png")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "1", cover,
        ])
        let tone = try make([sine(1000, 0.5)], layout: "mono")
        for file in ["a.mp3", "b.m4a", "c.flac", "d.ogg", "e.wav", "f.webm"] {
            let input = workspace.path(file)
            let hasCover = ["a.mp3", "b.m4a", "c.flac"].contains(file)
            let art = [
                "-i", cover, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic",
            ]
            try Tool.ffmpeg.output(
                ["-nostdin", "-v", "error", "-i", tone] + (hasCover ? art : [])
                    + (file == "d.ogg" ? ["-c:a", "libvorbis"] : []) + [input]
            )
            try transcode(input)
            // Codecs add a little where a tone begins, so its power counts.
            for level in try levels(output.path) {
                #expect(abs(level.rms - 0.354) < 0.02, "\(file): \(level.rms)")
            }
            let outputs = try workspace.subfolder("outputs-\(file)")
            let refused = try RecastProgram.transcode(input, to: outputs)
            expectRefusal(refused, status: 3, folder: outputs)
            #expect(refused.errorText.contains("has no video stream, only sound"), "\(refused.errorText)")
        }
    }

    @Test("Pictures alone are refused by a preset of sound, which says why")
    func refusesPicturesAlone() throws {
        let input = try ClipRecipe(width: 64, height: 64, seconds: 1, hasSound: false)
            .make(workspace.url("silent.mp4"))
        let outputs = try workspace.subfolder("outputs")
        let result = try RecastProgram.tool.run([
            "transcode", input, "-o", outputs.path, "--preset", "mp3-128k",
        ])
        expectRefusal(result, status: 3, folder: outputs)
        #expect(result.errorText.contains("has no sound, only pictures"), "\(result.errorText)")
    }

    /// The integrated loudness and the true peak in dB, as ffmpeg's ebur128 has them.
    private func loudness(_ path: String) throws -> (integrated: Double, peak: Double) {
        let result = try Tool.ffmpeg.run([
            "-nostdin", "-hide_banner", "-i", path, "-map", "0:a", "-af", "ebur128=peak=true",
            "-f", "null", "-",
        ])
        func value(_ name: String) -> Double? {
            let line = result.errorLines.last { $0.contains(name) }
            return line?.split(separator: ":").last?.split(separator: " ").first.flatMap { Double($0) }
        }
        return (try #require(value("I:")), try #require(value("Peak:")))
    }

    @Test(
        "Sound is brought to the loudness asked for, whether peaks have room or not",
        arguments: [("quiet", -16.0), ("spiky", -16), ("loud", -23), ("voice", -14)]
    )
    func normalises(kind: String, target: Double) throws {
        // A tone that swells, tones with rare peaks, one at full scale, and something like syllables.
        let sounds = [
            "quiet": "0.03*sin(2*PI*440*t)*(0.6+0.4*sin(2*PI*t))",
            "spiky":
                "0.04*sin(2*PI*310*t)+0.03*sin(2*PI*1210*t)+if(lt(mod(t\\,1)\\,0.004)\\,0.9*sin(2*PI*300*t)\\,0)",
            "loud": "0.95*sin(2*PI*997*t)",
            "voice": "0.2*sin(2*PI*200*t)*sin(2*PI*4*t)*sin(2*PI*1500*t)",
        ]
        let sound = try #require(sounds[kind])
        let input = try make([sound, sound], layout: "stereo", seconds: 6)
        let rendition = workspace.path("output.m4a")
        let result = try RecastProgram.tool.run([
            "transcode", input, "-o", rendition, "--preset", "aac-128k", "--loudness", "\(target)",
        ])
        try #require(result.status == 0, "\(result.errorText)")
        let found = try loudness(rendition)
        #expect(abs(found.integrated - target) < 0.5, "\(found)")
        #expect(found.peak <= -1, "\(found)")
    }

    @Test("Silence stays silence")
    func leavesSilence() throws {
        try transcode(make(["0", "0"], layout: "stereo"), ["--loudness", "-16"])
        #expect(try levels(output.path).allSatisfy { $0.peak < 0.0001 })
    }
}
