public import FFmpeg
internal import Foundation

/// Whether a file is a whole rendition of another, found by decoding both.
public struct RenditionCheck: Sendable {
    /// The lowest mean SSIM at which pictures are taken to show the same; what differs lies far below it.
    public static let lowestSSIM = 0.7
    /// Seconds by which the lengths may differ, besides a picture's own and 0.2 % of the length.
    public static let lengthTolerance = 0.1

    /// What the rendition turned out to hold.
    public let rendition: MediaExamination
    /// What the original turned out to hold.
    public let original: MediaExamination
    /// `nil` for a rendition of sound alone.
    public let pictures: PictureComparison?
    /// What is wrong, for people; empty when nothing is.
    public let problems: [String]

    /// Decodes both files and compares streams, lengths and every picture.
    ///
    /// Blocks the calling thread.
    ///
    /// - Throws: `input.…` where a file cannot be opened. What is found wrong is in `problems`.
    public static func run(
        rendition path: String,
        original originalPath: String,
        limits: IngestLimits = IngestLimits()
    ) throws(TranscodingError) -> RenditionCheck {
        let rendition = try MediaExamination.run(path: path, limits: limits)
        let original = try MediaExamination.run(path: originalPath, limits: limits)
        var problems = rendition.isWhole ? [] : ["\(path) is damaged"]
        if !original.isWhole { problems.append("\(originalPath) is damaged") }
        if rendition.video != nil, original.video == nil {
            problems.append("\(originalPath) has no pictures")
        }
        if rendition.audio != nil, original.audio == nil { problems.append("\(originalPath) has no sound") }
        let period = (rendition.video?.duration ?? 0) / Double(max(rendition.video?.frameCount ?? 1, 1))
        let slack = lengthTolerance + period + 0.002 * original.duration
        if abs(rendition.duration - original.duration) > slack {
            problems.append(
                String(
                    format: "%@ lasts %.2f s and its original %.2f s",
                    path,
                    rendition.duration,
                    original.duration
                )
            )
        }
        var pictures: PictureComparison?
        if rendition.video?.frameCount ?? 0 > 0, original.video?.frameCount ?? 0 > 0 {
            let found = try PictureComparison.run(output: path, original: originalPath, limits: limits)
            if found.ssim < lowestSSIM {
                problems.append(
                    String(format: "%@ does not show its original: SSIM %.3f", path, found.ssim)
                )
            }
            pictures = found
        }
        return RenditionCheck(
            rendition: rendition,
            original: original,
            pictures: pictures,
            problems: problems
        )
    }
}
