public import FFmpeg
internal import Foundation

/// How near an output's pictures are to those of its original.
///
/// The original is scaled by another scaler than the engine's, so that the engine is not its own measure.
public struct PictureComparison: Sendable {
    /// The mean over luma and chroma, 0...1.
    public let ssim: Double
    /// The mean over luma alone, 0...1.
    public let ssimY: Double
    /// In dB, from the mean square error of luma over all pictures; infinite when they are the same.
    public let psnrY: Double
    public let frameCount: Int

    /// Compares every picture of `output` with the one of `original` nearest to it in time.
    ///
    /// - Throws: also `input.unsupported` for an HDR original, which has no SDR picture to compare with.
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
        var pictures = try PictureReader(output, limits)
        guard var picture = try pictures.next() else {
            throw TranscodingError(.outputRejected, "no picture of \(output) could be decoded")
        }
        let size = picture.frame.size
        var references = ReferenceReader(try PictureReader(original, limits), size)
        guard var previous = try references.next() else {
            throw TranscodingError(.inputDamaged, "no picture of \(original) could be decoded")
        }
        var next = try references.next()
        var graph = try ComparisonGraph.open(size: size, threads: PictureReader.threads)
        var sums = Sums()
        var index: Int64 = 0
        while true {
            guard picture.frame.size == size, picture.frame.pixelFormat == .yuv420p else {
                throw TranscodingError(
                    .outputRejected,
                    "\(output) has a picture of \(picture.frame.size) in \(picture.frame.pixelFormat)"
                )
            }
            while let candidate = next,
                abs(candidate.time - picture.time) < abs(previous.time - picture.time)
            {
                previous = candidate
                next = try references.next()
            }
            try sums.add(graph.compare(picture.frame, previous.frame, index: index))
            index += 1
            guard let following = try pictures.next() else { break }
            picture = following
        }
        try sums.add(graph.finish())
        guard Int64(sums.frameCount) == index else {
            throw TranscodingError(.engine, "only \(sums.frameCount) of \(index) pictures were compared")
        }
        let count = Double(sums.frameCount)
        return PictureComparison(
            ssim: sums.ssim / count,
            ssimY: sums.ssimY / count,
            psnrY: 10 * log10(255 * 255 * count / sums.squareErrorY),
            frameCount: sums.frameCount
        )
    }

    private struct Sums {
        var ssim = 0.0
        var ssimY = 0.0
        var squareErrorY = 0.0
        var frameCount = 0

        mutating func add(_ frames: [Frame]) throws(TranscodingError) {
            for frame in frames {
                guard let all = frame.metadata("lavfi.ssim.All"), let luma = frame.metadata("lavfi.ssim.Y"),
                    let error = frame.metadata("lavfi.psnr.mse.y")
                else { throw TranscodingError(.engine, "a picture was not compared") }
                ssim += all
                ssimY += luma
                squareErrorY += error
                frameCount += 1
            }
        }
    }
}

/// A picture and its seconds since its file's own origin.
private struct TimedPicture {
    let frame: Frame
    let time: Double
}

/// The pictures of a file's video stream, one by one.
private struct PictureReader: ~Copyable {
    static let threads = 2

    let stream: FFmpeg.Stream
    let name: String
    private let originTicks: Int64
    private let limits: IngestLimits
    private var demuxer: Demuxer
    private var decoder: Decoder?
    private var waiting: [Frame] = []
    private var lastTicks: Int64?

    init(_ path: String, _ limits: IngestLimits) throws {
        let demuxer = try InputOpening.demuxer(InputOpening.body(.file(path: path), limits), limits, path)
        let plan = try InputPlan(
            streams: demuxer.streams,
            duration: demuxer.duration,
            limits: limits,
            name: path
        )
        guard let video = plan.video else {
            throw TranscodingError(.inputUnsupported, "\(path) has no video stream")
        }
        demuxer.select([video.index])
        let decoder = try Decoder.open(video, limits: limits, threads: PictureReader.threads)
        stream = video
        name = path
        originTicks = plan.origin.converted(to: video.timebase).ticks
        self.limits = limits
        self.demuxer = consume demuxer
        self.decoder = consume decoder
    }

    mutating func next() throws -> TimedPicture? {
        while waiting.isEmpty {
            guard decoder != nil else { return nil }
            if let packet = try demuxer.read() {
                guard packet.streamIndex == stream.index else { continue }
                waiting = try decoder?.decode(packet) ?? []
            } else if let decoder = decoder.take() {
                waiting = try decoder.finish().frames
            }
        }
        let frame = waiting.removeFirst()
        try InputPlan.check(size: frame.size, limits, name)
        let period = 1 / max(stream.averageFrameRate.value, 1)
        let step = max(1, Int64(period / stream.timebase.value))
        let ticks = frame.bestEffortPTS.map { $0 &- originTicks } ?? ((lastTicks ?? -step) &+ step)
        lastTicks = max(lastTicks ?? ticks, ticks)
        return TimedPicture(frame: frame, time: Double(ticks) * stream.timebase.value)
    }
}

/// An original's pictures, upright and as large as the output's.
private struct ReferenceReader: ~Copyable {
    /// What a graph was opened for.
    private struct Shape: Equatable {
        let size: Size
        let format: PixelFormat
        let color: ColorTags
        let isInterlaced: Bool
    }

    private static let timebase = Timebase(1, 1_000_000)

    private var reader: PictureReader
    private let size: Size
    private var outputColor: ColorTags?
    private var shape: Shape?
    private var graph: FilterGraph?
    private var waiting: [Frame] = []

    init(_ reader: consuming PictureReader, _ size: Size) {
        self.reader = reader
        self.size = size
    }

    mutating func next() throws -> TimedPicture? {
        while waiting.isEmpty {
            if let picture = try reader.next() {
                try accept(picture)
            } else if let graph = graph.take() {
                waiting = try graph.finish()
            } else {
                return nil
            }
        }
        let frame = waiting.removeFirst()
        let ticks = frame.pts ?? 0
        return TimedPicture(frame: frame, time: Double(ticks) * ReferenceReader.timebase.value)
    }

    private mutating func accept(_ picture: TimedPicture) throws {
        let frame = picture.frame
        let color = VideoPlan.inputColor(frame, reader.stream)
        guard !color.isHDR else {
            throw TranscodingError(.inputUnsupported, "\(reader.name) is HDR and cannot be compared")
        }
        let target = outputColor ?? VideoPlan.outputColor(color)
        outputColor = target
        let shape = Shape(
            size: frame.size,
            format: frame.pixelFormat,
            color: color,
            isInterlaced: frame.isInterlaced
        )
        if self.shape != shape {
            if let graph = graph.take() { waiting += try graph.finish() }
            self.shape = shape
            graph = try FilterGraph.open(
                like: frame,
                timebase: ReferenceReader.timebase,
                filters: filters(shape, target),
                threads: PictureReader.threads
            )
        }
        let pts = Int64((picture.time / ReferenceReader.timebase.value).rounded())
        waiting += try graph?.filter(frame.with(pts: pts)) ?? []
    }

    private func filters(_ shape: Shape, _ target: ColorTags) -> [FilterGraph.Filter] {
        let orientation = reader.stream.orientation
        let size = orientation.swapsAxes ? size.swapped : size
        let from = shape.color.matrixName == "gbr" ? "auto" : shape.color.matrixName
        let matrix = target.matrix == 6 ? "smpte170m" : "bt709"
        var filters: [FilterGraph.Filter] = []
        if shape.isInterlaced { filters.append(.init("bwdif", "mode=send_frame:parity=auto:deint=all")) }
        filters.append(
            .init(
                "scale",
                "w=\(size.width):h=\(size.height):flags=lanczos"
                    + ":in_range=\(shape.color.isFullRange ? "full" : "limited"):out_range=limited"
                    + ":in_color_matrix=\(from):out_color_matrix=\(matrix)"
            )
        )
        return filters + orientation.filters
    }
}
