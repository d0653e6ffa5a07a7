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
            guard picture.frame.size == size else {
                throw TranscodingError(.outputRejected, "\(output) has a picture of \(picture.frame.size)")
            }
            sums.times.append(picture.time)
            while let candidate = next,
                abs(candidate.time - picture.time) < abs(previous.time - picture.time)
            {
                previous = candidate
                next = try references.next()
            }
            let planar = try inPlanes(picture.frame)
            try sums.add(graph.compare(planar, previous.frame, index: index))
            index += 1
            guard let following = try pictures.next() else { break }
            picture = following
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
        let color = ColorRules.input(frame, reader.stream)
        guard !color.isHDR else {
            throw TranscodingError(.inputUnsupported, "\(reader.name) is HDR and cannot be compared")
        }
        let target = outputColor ?? ColorRules.output(color, .none)
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
