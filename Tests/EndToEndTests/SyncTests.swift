import Foundation
import TestMedia
import Testing

/// Pictures and sound that ordinary files hold in awkward ways stay together.
///
/// Judged by what can be seen and heard: each picture's number and the beep of each second.
@Suite("Sound and picture stay together", .serialized)
struct SyncTests {
    /// One way to hold six numbered seconds with a beep each.
    struct Variation: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        /// What ffmpeg makes of the base clip, which is `BASE` among the arguments.
        let arguments: [String]
        /// Frames per second of the base clip.
        var rate = 30
        /// Seconds by which the beeps come later than the pictures of their seconds.
        var shift = 0.0
        /// The beeps that are left, by their second.
        var beeps = [0, 1, 2, 3, 4, 5]
        /// Frames per second of the output.
        var outputRate: Double? = 30

        var testDescription: String { name }
    }

    private static let x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "60"]
    private static let both = ["-map", "0:v", "-map", "0:a"]

    static let variations = [
        Variation(
            name: "sound starts late",
            file: "a.mp4",
            arguments: [
                "-i", "BASE", "-itsoffset", "1.3", "-i", "BASE", "-map", "0:v", "-map", "1:a", "-c", "copy",
            ],
            shift: 1.3
        ),
        Variation(
            name: "pictures start late",
            file: "a.mkv",
            arguments: [
                "-i", "BASE", "-itsoffset", "1.3", "-i", "BASE", "-map", "1:v", "-map", "0:a", "-c", "copy",
            ],
            shift: -1.3,
            outputRate: nil
        ),
        Variation(
            name: "a gap in the sound",
            file: "a.mkv",
            arguments: ["-i", "BASE"] + both
                + ["-c", "copy", "-bsf:a", "noise=drop='between(pts*tb,1.6,3.5)'"],
            beeps: [0, 1, 4, 5]
        ),
        Variation(
            name: "an edit list that begins between keyframes",
            file: "a.mp4",
            arguments: ["-ss", "0.7", "-i", "BASE"] + both + ["-c", "copy"],
            beeps: [1, 2, 3, 4, 5]
        ),
        Variation(
            name: "an edit list in QuickTime with PCM",
            file: "a.mov",
            arguments: ["-ss", "0.7", "-i", "BASE"] + both + ["-c:v", "copy", "-c:a", "pcm_s16le"],
            beeps: [1, 2, 3, 4, 5]
        ),
        Variation(
            name: "MPEG-TS, whose clock starts anywhere",
            file: "a.ts",
            arguments: ["-i", "BASE"] + both + ["-c", "copy", "-muxdelay", "3"]
        ),
        Variation(
            name: "MPEG-PS with MPEG-2 and layer II",
            file: "a.mpg",
            arguments: ["-i", "BASE"] + both
                + ["-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-c:a", "mp2", "-b:a", "192k"]
        ),
        Variation(
            name: "AVI with MPEG-4 and PCM",
            file: "a.avi",
            arguments: ["-i", "BASE"] + both + [
                "-af", "aresample=async=1:first_pts=0", "-c:v", "mpeg4", "-q:v", "3", "-c:a", "pcm_s16le",
            ]
        ),
        Variation(
            name: "FLV",
            file: "a.flv",
            arguments: ["-i", "BASE"] + both + ["-c:v", "copy", "-c:a", "aac", "-ar", "44100"]
        ),
        Variation(name: "3GP", file: "a.3gp", arguments: ["-i", "BASE"] + both + ["-c", "copy"]),
        Variation(
            name: "Ogg with Theora and Vorbis",
            file: "a.ogg",
            arguments: ["-i", "BASE"] + both + ["-c:v", "libtheora", "-q:v", "8", "-c:a", "libvorbis"]
        ),
        Variation(
            name: "WebM with VP9 and Opus",
            file: "a.webm",
            arguments: ["-i", "BASE"] + both
                + ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]
        ),
        Variation(
            name: "HEVC with FLAC",
            file: "a.mkv",
            arguments: ["-i", "BASE"] + both
                + [
                    "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-c:a",
                    "flac",
                ]
        ),
        Variation(
            name: "AV1 with Opus",
            file: "a.mp4",
            arguments: ["-i", "BASE"] + both + ["-c:v", "libsvtav1", "-preset", "12", "-c:a", "libopus"]
        ),
        Variation(
            name: "a variable frame rate",
            file: "a.mp4",
            arguments: ["-i", "BASE"] + both
                + ["-vf", "select='lt(n,40)+gt(n,120)+not(mod(n,3))'", "-fps_mode", "vfr"] + x264 + [
                    "-c:a", "copy",
                ],
            outputRate: nil
        ),
        Variation(
            name: "60 frames a second",
            file: "a.mp4",
            arguments: ["-i", "BASE"] + both + ["-c", "copy"],
            rate: 60
        ),
        Variation(
            name: "50 frames a second",
            file: "a.mp4",
            arguments: ["-i", "BASE"] + both + ["-c", "copy"],
            rate: 50,
            outputRate: 25
        ),
        Variation(
            name: "12 frames a second",
            file: "a.mp4",
            arguments: ["-i", "BASE"] + both + ["-c", "copy"],
            rate: 12,
            outputRate: 12
        ),
        Variation(
            name: "mono at 22,050 Hz",
            file: "a.mp4",
            arguments: ["-i", "BASE"] + both + ["-c:v", "copy", "-c:a", "aac", "-ar", "22050", "-ac", "1"]
        ),
        Variation(
            name: "96 kHz PCM of 24 bits",
            file: "a.mov",
            arguments: ["-i", "BASE"] + both + ["-c:v", "copy", "-c:a", "pcm_s24le", "-ar", "96000"]
        ),
        Variation(
            name: "7.1 sound",
            file: "a.mkv",
            arguments: ["-i", "BASE"] + both + ["-c:v", "copy", "-ac", "8", "-c:a", "flac"]
        ),
        Variation(
            name: "sound that ends early",
            file: "a.mp4",
            arguments: ["-i", "BASE", "-t", "2.5", "-i", "BASE", "-map", "0:v", "-map", "1:a", "-c", "copy"],
            beeps: [0, 1, 2]
        ),
    ]

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
        "Each beep comes with its picture, at the start, in the middle and at the end",
        arguments: variations
    )
    func staysInSync(variation: Variation) throws {
        var recipe = ClipRecipe(seconds: 6)
        recipe.rate = variation.rate
        let base = try recipe.make(workspace.url("base.mkv"))
        let input = workspace.path(variation.file)
        let arguments = variation.arguments.map { $0 == "BASE" ? base : $0 }
        try Tool.ffmpeg.output(["-nostdin", "-v", "error", "-y"] + arguments + [input])
        for way in Way.allCases {
            let output = workspace.url("\(way).mp4")
            let result = try RecastProgram.transcode(input, to: output, options: way.options)
            try #require(result.status == 0, "\(way): \(result.errorText)")
            try expectSync(output.path, of: input, variation)
            try expectWholeness(output.path, variation)
        }
    }

    private func expectSync(_ output: String, of input: String, _ variation: Variation) throws {
        let frames = try Judge.frameNumbers(output)
        let numbers = frames.map(\.number)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 <= $1 }, "\(numbers)")
        // The first picture may be held from 0 on; where a number lies is read from its last showing.
        var shown: [Int: Double] = [:]
        for frame in frames { shown[frame.number] = frame.pts }
        let beeps = try Judge.beepTimes(output)
        #expect(beeps.count == variation.beeps.count, "\(beeps)")
        for (second, time) in zip(variation.beeps, beeps) {
            let number = second * variation.rate
            let nearest = try #require(shown.keys.min { abs($0 - number) < abs($1 - number) })
            let expected = try #require(shown[nearest]) + Double(number - nearest) / Double(variation.rate)
            let offset = time - variation.shift - expected
            #expect(abs(offset) <= 0.04, "beep \(second) is \(offset) s off its picture")
        }
        guard variation.rate <= 30 else { return }
        #expect(Set(numbers) == Set(try Judge.frameNumbers(input).map(\.number)))
    }

    private func expectWholeness(_ path: String, _ variation: Variation) throws {
        #expect(try Judge.decodeErrors(path) == [])
        let probe = try Judge.probe(path)
        let last = try #require(try Judge.packets(path).map(\.pts).max())
        let ending = try #require(probe.video?.duration)
        #expect(ending - last > 0 && ending - last < 0.2, "the last picture lasts \(ending - last) s")
        guard let rate = variation.outputRate else { return }
        let made = try #require(probe.video?.averageFrameRate)
        #expect(abs(made - rate) < rate * 0.02, "\(made) fps")
    }
}
