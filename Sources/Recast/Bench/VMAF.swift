internal import FFmpeg
internal import Foundation
internal import Transcoding

/// VMAF by an ffmpeg program that has libvmaf, which Debian's has not.
struct VMAF: Sendable, Codable {
    /// Means over all pictures, 0...100; `neg` disregards what enhancement gains.
    let mean: Double
    let neg: Double
    /// The 5th percentile: one picture in twenty is worse.
    let low: Double

    private struct Log: Decodable {
        struct Picture: Decodable {
            let metrics: [String: Double]
        }

        let frames: [Picture]
    }

    /// Scores every picture of `output` against the one of `original` nearest to it in time.
    ///
    /// The original is scaled to the output's size by lanczos. Both carry the same tags, lest ffmpeg
    /// converts colours between the two.
    static func score(
        _ program: String,
        output: String,
        original: String,
        folder: String
    ) throws -> VMAF {
        let size = try Probe(path: output).streams.first { $0.kind == .video }?.size ?? Size(0, 0)
        let input = try Probe(path: original).streams.first { $0.kind == .video }
        let rate = input?.averageFrameRate.value ?? 0
        // The comparison takes the latest picture that has begun: half a period early is the nearest.
        let half = rate > 0 ? 0.5 / rate : 0
        let log = folder + "/vmaf.json"
        let tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
        let models =
            "model='version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=neg':n_threads=2"
            + ":log_fmt=json:log_path=\(log)"
        let graph =
            "[1:v:0]setpts=PTS-STARTPTS-\(half)/TB,settb=AVTB,scale=\(size.width):\(size.height):flags=lanczos"
            + ":in_range=auto:out_range=tv,format=yuv420p,setsar=1,\(tags)[r];"
            + "[0:v:0]setpts=PTS-STARTPTS,settb=AVTB,format=yuv420p,setsar=1,\(tags)[d];[d][r]libvmaf=\(models)"
        _ = try MeasuredProcess.run([
            program, "-nostdin", "-v", "error", "-i", output, "-i", original, "-lavfi", graph, "-f", "null",
            "-",
        ])
        let found = try JSONDecoder().decode(Log.self, from: Data(contentsOf: URL(fileURLWithPath: log)))
        let scores = found.frames.compactMap { $0.metrics["vmaf"] }.sorted()
        let negs = found.frames.compactMap { $0.metrics["neg"] }
        guard !scores.isEmpty, scores.count == negs.count else {
            throw MeasuredProcess.Failure(message: "\(program) gave no VMAF of \(output)")
        }
        return VMAF(
            mean: scores.reduce(0, +) / Double(scores.count),
            neg: negs.reduce(0, +) / Double(negs.count),
            low: scores[min(scores.count - 1, scores.count / 20)]
        )
    }
}
