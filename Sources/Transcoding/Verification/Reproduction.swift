public import FFmpeg
internal import Foundation

/// Makes a rendition again from its recipe and compares the bytes.
public struct Reproduction: Sendable {
    /// How near it came.
    public enum Outcome: String, Sendable {
        case sameBytes = "same-bytes"
        /// The recipe does not promise the same bytes; streams and pictures are as near as two runs get.
        case equivalent
        case different
    }

    /// What the comparison came to.
    public let outcome: Outcome
    /// Versions that differ from the recipe's, and what else may explain a difference.
    public let notes: [String]
    /// Of what was made again, in hexadecimal.
    public let sha256: String?
    /// How near the pictures of both are, where their bytes differ.
    public let pictures: PictureComparison?

    /// The lowest mean SSIM between two runs of one recipe.
    static let lowestSSIM = 0.97

    /// Transcodes `input` by `recipe` into a temporary file beside `rendition` and compares the two.
    ///
    /// - Throws: `input.unreadable` when `input` is not the recipe's source, and what a transcode throws.
    public static func run(
        _ recipe: Recipe,
        input: String,
        rendition: String?,
        limits: IngestLimits = IngestLimits()
    ) async throws(TranscodingError) -> Reproduction {
        guard let source = recipe.sources.first, recipe.sources.count == 1 else {
            throw TranscodingError(.inputUnsupported, "the recipe has \(recipe.sources.count) inputs")
        }
        let found = try Reproduction.hash(input, limits)
        if let expected = source.sha256, expected != found {
            throw TranscodingError(.inputUnreadable, "\(input) is not what the recipe was made from")
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("recast-\(UUID().uuidString)", isDirectory: true)
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw TranscodingError(.outputUnwritable, "no temporary folder can be made: \(error)")
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appendingPathComponent("again." + recipe.preset.container.fileExtension).path
        let clip = InputClip(.file(path: input), start: source.start ?? 0, duration: source.duration)
        var request = TranscodeRequest(clips: [clip], output: .file(path: output), preset: recipe.preset)
        request.language = recipe.language
        request.loudness = recipe.loudness
        request.threads = recipe.threads.cores
        request.threadPlan = recipe.threads
        request.allowsDamage = recipe.allowsDamage
        request.segments = recipe.segments.map { .count($0.wanted) } ?? .off
        request.leastSegmentSeconds = recipe.segments?.leastSeconds
        request.limits = limits
        let result = try await Transcoder().transcode(request)
        let sha256 = result.recipe.outputSHA256
        let expected =
            try rendition.map { path throws(TranscodingError) in
                try Reproduction.hash(path, limits)
            } ?? recipe.outputSHA256
        let notes = Reproduction.notes(recipe, result.recipe)
        if sha256 != nil, sha256 == expected {
            return Reproduction(outcome: .sameBytes, notes: notes, sha256: sha256, pictures: nil)
        }
        guard !recipe.isRepeatable || !notes.isEmpty, let rendition, result.video != nil else {
            return Reproduction(outcome: .different, notes: notes, sha256: sha256, pictures: nil)
        }
        let pictures = try PictureComparison.run(output: output, original: rendition, limits: limits)
        let isNear = pictures.ssim >= lowestSSIM && pictures.frameCount == result.frameCount
        return Reproduction(
            outcome: isNear ? .equivalent : .different,
            notes: notes,
            sha256: sha256,
            pictures: pictures
        )
    }

    private static func hash(_ path: String, _ limits: IngestLimits) throws(TranscodingError) -> String? {
        let body = try InputOpening.body(.file(path: path), limits)
        do {
            body.beginHash()
            return try body.finishHash()
        } catch {
            throw TranscodingError(.inputUnreadable, "\(path) cannot be read: \(error.reason)", cause: error)
        }
    }

    private static func notes(_ recipe: Recipe, _ now: Recipe) -> [String] {
        var notes: [String] = []
        if recipe.engine != now.engine { notes.append("engine \(recipe.engine), now \(now.engine)") }
        if recipe.release != now.release { notes.append("FFmpeg \(recipe.release), now \(now.release)") }
        for (name, version) in recipe.libraries.sorted(by: { $0.key < $1.key })
        where now.libraries[name] != version {
            notes.append("\(name) \(version), now \(now.libraries[name] ?? "none")")
        }
        if recipe.videoEncoder != now.videoEncoder {
            notes.append("encoder \(recipe.videoEncoder ?? "?"), now \(now.videoEncoder ?? "?")")
        }
        return notes
    }
}
