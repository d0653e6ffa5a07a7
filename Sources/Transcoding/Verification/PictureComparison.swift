public import FFmpeg
internal import Foundation

/// How near an output's pictures are to those of its original.
///
/// The original is scaled by another scaler than the engine's, so that the engine is not its own measure.
public struct PictureComparison: Sendable {
    /// The mean over luma and chroma, 0...1.
    public let ssim: Double
    /// The mean over luma alone, and over each of the chroma planes, 0...1.
    public let ssimY: Double
    /// Of the first plane of colour, 0...1.
    public let ssimU: Double
    /// Of the second plane of colour, 0...1.
    public let ssimV: Double
    /// That of the worst picture, 0...1, and its seconds since the output's start.
    public let worstSSIM: Double
    /// When the picture that is least like its original is shown.
    public let worstSeconds: Double
    /// In dB, from the mean square error of a plane over all pictures; infinite when they are the same.
    public let psnrY: Double
    /// Of the first plane of colour, in dB.
    public let psnrU: Double
    /// Of the second plane of colour, in dB.
    public let psnrV: Double
    /// Pictures that were compared.
    public let frameCount: Int
    /// Pixels, of the output's pictures.
    public let size: Size

    /// Compares every picture of `output` with the one of `original` nearest to it in time.
    ///
    /// The original is turned upright and, where it is HDR, becomes SDR as `docs/picture.md` says. Whether it
    /// was padded, cut or stretched is told by which of these is most like the output.
    public static func run(
        output: String,
        original: String,
        limits: IngestLimits = IngestLimits()
    ) throws(TranscodingError) -> PictureComparison {
        LogCapture.silence()
        do {
            return try compare(output, original, limits)
        } catch {
            throw FailureTranslation.of(error)
        }
    }

    private static func compare(
        _ output: String,
        _ original: String,
        _ limits: IngestLimits
    ) throws -> PictureComparison {
        let files = PicturePairs.Files(output: output, original: original, limits: limits)
        let pairs = try PicturePairs(files, try ReferencePlacement.likeliest(files))
        let size = pairs.size
        var graph = try ComparisonGraph.open(size: size, threads: PictureReader.threads)
        var sums = Sums()
        var index: Int64 = 0
        while let (picture, reference) = try pairs.next() {
            sums.times.append(picture.time)
            try sums.add(graph.compare(picture.frame, reference, index: index))
            index += 1
        }
        try sums.add(graph.finish())
        guard Int64(sums.frameCount) == index else {
            throw TranscodingError(.engine, "only \(sums.frameCount) of \(index) pictures were compared")
        }
        let count = Double(sums.frameCount)
        func psnr(_ squareError: Double) -> Double { 10 * log10(255 * 255 * count / squareError) }
        return PictureComparison(
            ssim: sums.ssim / count,
            ssimY: sums.ssimPlanes[0] / count,
            ssimU: sums.ssimPlanes[1] / count,
            ssimV: sums.ssimPlanes[2] / count,
            worstSSIM: sums.worst.ssim,
            worstSeconds: sums.times.indices.contains(sums.worst.index) ? sums.times[sums.worst.index] : 0,
            psnrY: psnr(sums.squareErrors[0]),
            psnrU: psnr(sums.squareErrors[1]),
            psnrV: psnr(sums.squareErrors[2]),
            frameCount: sums.frameCount,
            size: size
        )
    }

    private struct Sums {
        var ssim = 0.0
        var ssimPlanes = [0.0, 0.0, 0.0]
        var squareErrors = [0.0, 0.0, 0.0]
        var worst = (ssim: 1.0, index: 0)
        var frameCount = 0
        /// Of the output's pictures, in seconds.
        var times: [Double] = []

        mutating func add(_ frames: [Frame]) throws(TranscodingError) {
            for frame in frames {
                guard let all = frame.metadata("lavfi.ssim.All") else {
                    throw TranscodingError(.engine, "a picture was not compared")
                }
                ssim += all
                if all < worst.ssim { worst = (all, frameCount) }
                for (plane, name) in ["Y", "U", "V"].enumerated() {
                    ssimPlanes[plane] += frame.metadata("lavfi.ssim.\(name)") ?? 0
                    squareErrors[plane] += frame.metadata("lavfi.psnr.mse.\(name.lowercased())") ?? 0
                }
                frameCount += 1
            }
        }
    }
}
