internal import FFmpeg

/// An output's pictures, each with the one of the original that is nearest to it in time.
final class PicturePairs {
    /// Two files that are compared.
    struct Files {
        let output: String
        let original: String
        let limits: IngestLimits
    }

    /// Pixels, of all of the output's pictures.
    let size: Size
    private let files: Files
    private var pictures: PictureReader
    private var references: ReferenceReader
    private var picture: TimedPicture?
    private var previous: TimedPicture
    private var following: TimedPicture?

    /// Opens both files; the original's pictures go where `rules` put them.
    init(_ files: Files, _ rules: Sizing.Rules) throws {
        self.files = files
        var pictures = try PictureReader(files.output, files.limits)
        guard let picture = try pictures.next() else {
            throw TranscodingError(.outputRejected, "no picture of \(files.output) could be decoded")
        }
        var references = ReferenceReader(try PictureReader(files.original, files.limits), rules)
        guard let reference = try references.next() else {
            throw TranscodingError(.inputDamaged, "no picture of \(files.original) could be decoded")
        }
        self.picture = picture
        size = picture.frame.size
        previous = reference
        following = try references.next()
        self.pictures = consume pictures
        self.references = consume references
    }

    /// The next picture and its reference, both in yuv420p; `nil` after the last one.
    func next() throws -> (picture: TimedPicture, reference: Frame)? {
        guard let picture else { return nil }
        guard picture.frame.size == size else {
            throw TranscodingError(.outputRejected, "\(files.output) has a picture of \(picture.frame.size)")
        }
        while let candidate = following,
            abs(candidate.time - picture.time) < abs(previous.time - picture.time)
        {
            previous = candidate
            following = try references.next()
        }
        let planar = TimedPicture(frame: try PicturePairs.inPlanes(picture.frame), time: picture.time)
        self.picture = try pictures.next()
        return (planar, previous.frame)
    }

    /// The same picture in yuv420p, which all are compared in.
    private static func inPlanes(_ frame: Frame) throws -> Frame {
        guard frame.pixelFormat != .yuv420p else { return frame }
        let pts = frame.pts ?? 0
        var graph = try FilterGraph.open(
            like: frame,
            timebase: Timebase(1, 1_000_000),
            filters: [],
            threads: PictureReader.threads
        )
        var frames = try graph.filter(frame.with(pts: pts))
        frames += try graph.finish()
        guard let first = frames.first else {
            throw TranscodingError(.engine, "a picture in \(frame.pixelFormat) was not converted")
        }
        return first
    }
}
