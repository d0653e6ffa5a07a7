/// How like two files are that ought to show and sound the same, picture by picture.
package struct Likeness: Sendable, CustomStringConvertible {
    /// Pictures of the one and of the other.
    package let pictureCounts: [Int]
    /// ffmpeg's SSIM of the two pictures in the same place that are least alike.
    package let worstSSIM: Double
    /// Signal to distortion of the sound, in dB.
    package let soundRatio: Double

    package var description: String {
        "pictures \(pictureCounts), worst SSIM \(worstSSIM), sound \(soundRatio) dB"
    }

    /// Whether nobody who sees and hears both would call either damaged.
    package var isWhole: Bool {
        pictureCounts[0] == pictureCounts[1] && worstSSIM >= 0.9 && soundRatio >= 10
    }
}

extension Judge {
    /// Compares two files of one picture size by ffmpeg, each picture with the one in the same place.
    package static func likeness(_ path: String, original: String) throws -> Likeness {
        let graph = """
            [0:v:0]setpts=N/TB,settb=1[output];[1:v:0]setpts=N/TB,settb=1[original];
            [output][original]ssim=stats_file=-:shortest=1[pictures];[0:a:0][1:a:0]asdr[sound]
            """
        let result = try Tool.ffmpeg.run([
            "-nostdin", "-hide_banner", "-nostats", "-i", path, "-i", original, "-lavfi",
            graph.replacing("\n", with: ""), "-map", "[pictures]", "-map", "[sound]", "-fps_mode",
            "passthrough",
            "-f", "null", "-",
        ])
        guard result.status == 0 else {
            throw Tool.Failure(description: "\(path) cannot be compared: \(result.errorText)")
        }
        let values = String(decoding: result.output, as: UTF8.self).split(whereSeparator: \.isNewline)
            .compactMap {
                $0.split(separator: " ").first { $0.hasPrefix("All:") }.flatMap { Double($0.dropFirst(4)) }
            }
        let ratios = result.errorLines.filter { $0.contains("SDR") }.compactMap { line in
            line.split(separator: " ").compactMap { Double($0) }.last
        }
        return Likeness(
            pictureCounts: [try pictureCount(path), try pictureCount(original)],
            worstSSIM: values.min() ?? 0,
            soundRatio: ratios.min() ?? .infinity
        )
    }

    private static func pictureCount(_ path: String) throws -> Int { try packets(path).count }
}
