internal import FFmpeg
internal import Foundation

/// The libavfilter chain for what the scaler alone cannot do.
struct PictureFilters {
    let orientation: Orientation
    let plan: VideoPlan
    /// Of an interlaced output.
    let fieldRate: Rational?
    /// Whether the input has more pictures a second than an interlaced output has.
    let isFast: Bool

    /// The chain for pictures of a shape, or `nil` where the scaler will do.
    func chain(_ shape: PictureShape) -> [FilterGraph.Filter]? {
        guard needsFilters(shape) else { return isPlain(shape) ? [resizing] : nil }
        let placement = plan.placement(shape)
        let isManaged = ColorRules.needsManagement(shape.color, plan.color)
        var filters: [FilterGraph.Filter] = []
        if shape.isInterlaced {
            let mode = plan.fieldOrder == nil ? "send_frame" : "send_field"
            filters.append(.init("bwdif", "mode=\(mode):parity=auto:deint=interlaced"))
        }
        // What is transparent shows black, as a player's background would.
        if shape.format.hasAlpha {
            filters.append(.init("format", "pix_fmts=\(opaqueable(shape.format))"))
            filters.append(.init("premultiply", "inplace=1"))
        }
        filters += cutting(shape, placement, isManaged: isManaged)
        let content = placement.content.size
        let size = orientation.swapsAxes ? content.swapped : content
        if shape.color.isHDR {
            filters += toneMapping(shape, size)
        } else {
            filters.append(isManaged ? converting(shape, size) : scaling(shape, size))
        }
        filters += orientation.filters
        if placement.isPadded { filters.append(padding(placement)) }
        return filters + interlacing(shape)
    }

    /// Whether pictures become larger or smaller and nothing else, in the form that most have.
    func onlyResizes(_ shape: PictureShape) -> Bool { isPlain(shape) && !needsFilters(shape) }

    private func needsFilters(_ shape: PictureShape) -> Bool {
        let placement = plan.placement(shape)
        return orientation != .upright || shape.isInterlaced || shape.format.hasAlpha
            || ColorRules.needsManagement(shape.color, plan.color) || placement.cut.size != shape.size
            || placement.isPadded || plan.fieldOrder != nil
    }

    /// Whether pictures become larger or smaller, in the form that most have.
    func isPlain(_ shape: PictureShape) -> Bool {
        let isEven = (shape.size.width | shape.size.height | plan.size.width | plan.size.height) & 1 == 0
        return isEven && shape.size != plan.size && shape.format == .yuv420p && plan.pixelFormat == .yuv420p
            && !shape.color.isFullRange && !plan.color.isFullRange
            && shape.color.matrix == plan.color.matrix
    }

    /// zimg with the kernel that swscale has, in half the time; H.264's chroma lies to the left.
    private var resizing: FilterGraph.Filter {
        let (width, height) = (plan.size.width, plan.size.height)
        return .init("zscale", "w=\(width):h=\(height):filter=bicubic:param_a=0:param_b=0.6:c=left")
    }

    /// Formats in which `premultiply` can work, with nothing lost.
    private func opaqueable(_ format: PixelFormat) -> String {
        format.isRGB
            ? (format.bitDepth > 8 ? "gbrap16le" : "gbrap")
            : "yuva420p|yuva422p|yuva444p|yuva420p10le|yuva422p10le|yuva444p10le|yuva422p12le|yuva444p12le"
    }

    private func cutting(
        _ shape: PictureShape,
        _ placement: Placement,
        isManaged: Bool
    ) -> [FilterGraph.Filter] {
        var area = placement.cut
        if isManaged {
            // zimg takes no picture that ends within a block of pixels of one colour.
            let block = shape.format.chromaBlock
            let (width, height) = (area.size.width, area.size.height)
            let whole = Size(
                max(width - width % block.width, block.width),
                max(height - height % block.height, block.height)
            )
            if whole.width <= width, whole.height <= height { area = Area(x: area.x, y: area.y, size: whole) }
        }
        guard area.size != shape.size else { return [] }
        return [.init("crop", "w=\(area.size.width):h=\(area.size.height):x=\(area.x):y=\(area.y)")]
    }

    private func scaling(_ shape: PictureShape, _ size: Size) -> FilterGraph.Filter {
        let color = shape.color
        let from = shape.format.isRGB || color.matrix == 0 ? "auto" : color.matrixName
        let matrix = plan.color.matrix == 6 ? "smpte170m" : "bt709"
        return .init(
            "scale",
            "w=\(size.width):h=\(size.height):flags=bicubic:in_range=\(range(color))"
                + ":out_range=limited:in_color_matrix=\(from):out_color_matrix=\(matrix)"
        )
    }

    /// Other primaries, in linear light, and scaled on the way; all SDR is shown with the same curve.
    private func converting(_ shape: PictureShape, _ size: Size) -> FilterGraph.Filter {
        .init("zscale", "\(reading(shape, size)):tin=1:t=1:\(writing)")
    }

    /// PQ or HLG to SDR, scaled first because that is the cheaper order.
    ///
    /// White of 203 cd/m² becomes 1; up to 0.3 of it light stays what it is, and from there on to the peak
    /// it is rolled off, so that faces are as bright as in SDR and no highlight is clipped.
    private func toneMapping(_ shape: PictureShape, _ size: Size) -> [FilterGraph.Filter] {
        let white = ColorRules.referenceWhite
        // A number of libavfilter's, whatever the locale.
        let peak = String(format: "%.4f", plan.peak / white)
        return [
            .init(
                "zscale",
                "\(reading(shape, size)):tin=\(shape.color.transfer):t=8:npl=\(Int(white)):p=\(plan.color.primaries)"
            ),
            .init("format", "pix_fmts=gbrpf32le"),
            .init("tonemap", "tonemap=mobius:param=0.3:desat=0:peak=\(peak)"),
            .init("zscale", "t=\(plan.color.transfer):\(writing)"),
            // What is brighter than the input said would become whiter than white.
            .init("format", "pix_fmts=\(plan.pixelFormat)"),
            .init("limiter", "min=16:max=235:planes=1"),
        ]
    }

    private func reading(_ shape: PictureShape, _ size: Size) -> String {
        let color = shape.color
        let matrix = shape.format.isRGB ? "" : ":min=\(color.matrix)"
        return "w=\(size.width):h=\(size.height):filter=spline36:pin=\(color.primaries)"
            + "\(matrix):rin=\(range(color))"
    }

    private var writing: String {
        "m=\(plan.color.matrix):p=\(plan.color.primaries):r=limited"
    }

    private func range(_ color: ColorTags) -> String { color.isFullRange ? "full" : "limited" }

    private func padding(_ placement: Placement) -> FilterGraph.Filter {
        let (canvas, content) = (placement.canvas, placement.content)
        return .init(
            "pad",
            "w=\(canvas.width):h=\(canvas.height):x=\(content.x):y=\(content.y):color=black"
        )
    }

    /// Takes the lines of a field from each of two pictures that follow each other.
    ///
    /// Pictures that move between the fields are filtered, so that thin lines do not flicker; deinterlaced
    /// ones hold no more detail than a field does, and give back the lines they came from.
    private func interlacing(_ shape: PictureShape) -> [FilterGraph.Filter] {
        guard let order = plan.fieldOrder, let fieldRate else { return [] }
        let mode = order == .topFirst ? "interleave_top" : "interleave_bottom"
        let flags = isFast && !shape.isInterlaced ? ":flags=vlpf" : ""
        return [
            .init("format", "pix_fmts=\(plan.pixelFormat)"),
            .init("fps", "fps=\(fieldRate):round=near:eof_action=pass"),
            .init("tinterlace", "mode=\(mode)\(flags)"),
        ]
    }
}
