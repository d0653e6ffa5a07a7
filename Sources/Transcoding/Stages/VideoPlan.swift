internal import FFmpeg

/// What a decoded picture is, as far as scalers and filters have to know it.
struct PictureShape: Equatable {
    let size: Size
    let format: PixelFormat
    let color: ColorTags
    /// Of a pixel, width to height.
    let aspect: Rational
    let isInterlaced: Bool
}

/// How one input's pictures become a rendition's, fixed by the first of them.
struct VideoPlan: Sendable {
    let size: Size
    /// Of the output's pixels, width to height.
    let pixelAspect: Rational
    let pixelFormat: PixelFormat
    let color: ColorTags
    /// Which conversion of colours the preset led to; `none` where the output has the input's.
    let appliedConversion: Preset.ColorConversion
    let frameRate: Rational
    let timebase: Timebase
    /// `nil` where whole pictures are shown.
    let fieldOrder: FieldOrder?
    /// The brightest of an HDR input, in cd/m².
    private(set) var peak: Double
    private var orientation: Orientation
    private let rules: Sizing.Rules
    private let first: Sizing.Picture

    init(first frame: Frame, stream: FFmpeg.Stream, preset: Preset.Video, timing: PictureTiming) {
        let shape = VideoPlan.shape(frame, stream, isInterlaced: frame.isInterlaced)
        orientation = stream.orientation
        rules = Sizing.Rules(preset)
        first = Sizing.Picture(shape.size, aspect: shape.aspect, isTurned: orientation.swapsAxes)
        size = Sizing.place(first, rules).canvas
        pixelAspect = rules.pixelAspect
        pixelFormat = preset.chroma == .yuv422p ? .yuv422p : .yuv420p
        frameRate = timing.frameRate
        timebase = timing.timebase
        switch preset.scan {
        case _ where !preset.isInterlaced: fieldOrder = nil
        case .progressive: fieldOrder = nil
        case .topFirst: fieldOrder = .topFirst
        case .bottomFirst: fieldOrder = .bottomFirst
        case .auto: fieldOrder = frame.isInterlaced && !frame.isTopFieldFirst ? .bottomFirst : .topFirst
        }
        appliedConversion = ColorRules.conversion(
            preset.colorConversion,
            input: shape.color,
            from: shape.size,
            to: size,
            isInterlaced: fieldOrder != nil,
            frameRate: frameRate
        )
        color = ColorRules.output(shape.color, appliedConversion)
        peak = ColorRules.peak(shape.color, frame.lightLevels.completed(by: stream.lightLevels))
    }

    /// The plan for an input that follows others, which have decided what the output is.
    func following(_ joint: VideoPlan) -> VideoPlan {
        var plan = joint
        plan.orientation = orientation
        plan.peak = peak
        return plan
    }

    /// Where a picture goes; one of another shape than the first has bars rather than being distorted.
    func placement(_ shape: PictureShape) -> Placement {
        let picture = Sizing.Picture(shape.size, aspect: shape.aspect, isTurned: orientation.swapsAxes)
        return picture == first
            ? Sizing.place(picture, rules) : Sizing.place(picture, rules, following: size)
    }

    static func shape(_ frame: Frame, _ stream: FFmpeg.Stream, isInterlaced: Bool) -> PictureShape {
        let says = frame.sampleAspectRatio.isPositive && !stream.hasStatedAspect
        return PictureShape(
            size: frame.size,
            format: frame.pixelFormat,
            color: ColorRules.input(frame, stream),
            aspect: says ? frame.sampleAspectRatio : stream.sampleAspectRatio,
            isInterlaced: isInterlaced
        )
    }

    /// What the encoder is told.
    var format: VideoFormat {
        var format = VideoFormat(size: size, color: color, frameRate: frameRate)
        format.pixelFormat = pixelFormat
        format.pixelAspect = pixelAspect
        format.fieldOrder = fieldOrder
        return format
    }
}
