internal import FFmpeg
internal import Foundation

/// An original's pictures, upright and placed as in the output.
struct ReferenceReader: ~Copyable {
    private static let timebase = Timebase(1, 1_000_000)

    private var reader: PictureReader
    private let rules: Sizing.Rules
    private var first: Sizing.Picture?
    private var outputColor: ColorTags?
    private var shape: PictureShape?
    private var graph: FilterGraph?
    private var waiting: [Frame] = []

    /// Puts pictures into those of the size of the `rules`.
    init(_ reader: consuming PictureReader, _ rules: Sizing.Rules) {
        self.reader = reader
        self.rules = rules
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
        let shape = VideoPlan.shape(frame, reader.stream, isInterlaced: frame.isInterlaced)
        let target = outputColor ?? ColorRules.output(shape.color, .none)
        outputColor = target
        if self.shape != shape {
            if let graph = graph.take() { waiting += try graph.finish() }
            self.shape = shape
            let levels = frame.lightLevels.completed(by: reader.stream.lightLevels)
            graph = try FilterGraph.open(
                like: frame,
                timebase: ReferenceReader.timebase,
                filters: filters(shape, target, ColorRules.peak(shape.color, levels)),
                threads: PictureReader.threads
            )
        }
        let pts = Int64((picture.time / ReferenceReader.timebase.value).rounded())
        waiting += try graph?.filter(frame.with(pts: pts)) ?? []
    }

    private mutating func filters(
        _ shape: PictureShape,
        _ target: ColorTags,
        _ peak: Double
    ) -> [FilterGraph.Filter] {
        let orientation = reader.stream.orientation
        let picture = Sizing.Picture(shape.size, aspect: shape.aspect, isTurned: orientation.swapsAxes)
        let placement = ReferencePlacement.place(picture, rules, first: first ?? picture)
        first = first ?? picture
        let content = placement.content
        let size = orientation.swapsAxes ? content.size.swapped : content.size
        var filters: [FilterGraph.Filter] = []
        if shape.isInterlaced { filters.append(.init("bwdif", "mode=send_frame:parity=auto:deint=all")) }
        let cut = placement.cut
        if cut.size != shape.size {
            let place = "w=\(cut.size.width):h=\(cut.size.height):x=\(cut.x):y=\(cut.y)"
            filters.append(.init("crop", place))
        }
        filters +=
            shape.color.isHDR ? toneMapping(shape.color, size, peak) : [scaling(shape.color, size, target)]
        filters += orientation.filters
        if placement.isPadded {
            let canvas = placement.canvas
            let place = "w=\(canvas.width):h=\(canvas.height):x=\(content.x):y=\(content.y)"
            filters += [.init("format", "pix_fmts=yuv420p"), .init("pad", place + ":color=black")]
        }
        return filters
    }

    private func scaling(_ color: ColorTags, _ size: Size, _ target: ColorTags) -> FilterGraph.Filter {
        let from = color.matrixName == "gbr" ? "auto" : color.matrixName
        return .init(
            "scale",
            "w=\(size.width):h=\(size.height):flags=lanczos"
                + ":in_range=\(color.isFullRange ? "full" : "limited"):out_range=limited"
                + ":in_color_matrix=\(from):out_color_matrix=\(target.matrix == 6 ? "smpte170m" : "bt709")"
        )
    }

    /// The usual recipe step by step in full float, at the engine's white and roll-off, and scaled at last.
    private func toneMapping(_ color: ColorTags, _ size: Size, _ peak: Double) -> [FilterGraph.Filter] {
        let white = ColorRules.referenceWhite
        // A number of libavfilter's, whatever the locale.
        let level = String(format: "%.4f", peak / white)
        let matrix = color.matrix == 0 ? "" : ":min=\(color.matrix)"
        return [
            .init(
                "zscale",
                "pin=\(color.primaries)\(matrix):rin=\(color.isFullRange ? "full" : "limited")"
                    + ":tin=\(color.transfer):t=8:npl=\(Int(white)):p=1"
            ),
            .init("format", "pix_fmts=gbrpf32le"),
            .init("tonemap", "tonemap=mobius:param=0.3:desat=0:peak=\(level)"),
            .init(
                "zscale",
                "w=\(size.width):h=\(size.height):filter=lanczos:t=1:m=1:p=1:r=limited"
            ),
            .init("format", "pix_fmts=yuv420p"),
            .init("limiter", "min=16:max=235:planes=1"),
        ]
    }
}
