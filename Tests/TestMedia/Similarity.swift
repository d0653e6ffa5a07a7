extension Judge {
    /// ffmpeg's mean SSIM over luma and chroma of a file's pictures against those of its original.
    ///
    /// The original is scaled bicubically, as the output is, or goes through the filters of `graph`; each picture
    /// has the one that is shown then.
    package static func ssim(_ path: String, original: String, graph: String? = nil) throws -> Double {
        let size = try probe(path).video
        guard let width = size?.width, let height = size?.height else {
            throw Tool.Failure(description: "\(path) has no picture")
        }
        let tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
        // Clocks of milliseconds are off by up to half of one, and the picture of a moment has to have begun.
        let placing = graph ?? "scale=\(width):\(height):flags=bicubic"
        let graph = """
            [0:v:0]settb=AVTB,setpts=PTS-STARTPTS,setsar=1,\(tags)[output];\
            [1:v:0]settb=AVTB,setpts=PTS-STARTPTS-0.008/TB,\
            \(placing),format=yuv420p,setsar=1,\(tags)[original];\
            [output][original]ssim
            """
        let result = try Tool.ffmpeg.run([
            "-nostdin", "-hide_banner", "-nostats", "-i", path, "-i", original, "-lavfi", graph, "-f", "null",
            "-",
        ])
        let value = result.errorLines.last { $0.contains("Parsed_ssim") }?
            .split(separator: " ").first { $0.hasPrefix("All:") }?.dropFirst(4)
        guard result.status == 0, let value = value.flatMap({ Double($0) }) else {
            throw Tool.Failure(description: "\(path) cannot be compared: \(result.errorText)")
        }
        return value
    }
}
