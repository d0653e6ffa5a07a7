internal import FFmpeg

/// What a preset document says of pictures.
extension FieldChecker {
    private static let members = [
        "Codec", "CodecOptions", "KeyframesMaxDist", "FixedGOP", "BitRate", "FrameRate", "MaxFrameRate",
        "Resolution", "AspectRatio", "MaxWidth", "MaxHeight", "DisplayAspectRatio", "SizingPolicy",
        "PaddingPolicy", "Watermarks",
    ]

    /// "23.97" and "29.97" are how the service wrote the rates of NTSC.
    private static let rates: [(String, Rational)] = [
        ("10", Rational(10, 1)), ("15", Rational(15, 1)), ("23.97", Rational(24_000, 1001)),
        ("24", Rational(24, 1)), ("25", Rational(25, 1)), ("29.97", Rational(30_000, 1001)),
        ("30", Rational(30, 1)), ("50", Rational(50, 1)), ("60", Rational(60, 1)),
    ]

    private static let ratios: [(String, Rational?)] = [
        ("auto", nil), ("1:1", Rational(1, 1)), ("4:3", Rational(4, 3)), ("3:2", Rational(3, 2)),
        ("16:9", Rational(16, 9)),
    ]

    private static let sizings: [(String, Preset.SizingPolicy)] = [
        ("Fit", .fit), ("Fill", .fill), ("Stretch", .stretch), ("Keep", .keep), ("ShrinkToFit", .shrinkToFit),
        ("ShrinkToFill", .shrinkToFill),
    ]

    private static let paddings: [(String, Preset.PaddingPolicy)] = [("Pad", .pad), ("NoPad", .noPad)]

    mutating func video(_ document: PresetFields, _ container: Container?) -> Preset.Video? {
        guard let fields = object("Video", of: document, known: FieldChecker.members) else { return nil }
        let codecs = PresetDocument.videoCodecs.filter { container?.videoCodecs.contains($0.1) ?? true }
        let codec: VideoCodec? = choice(
            "Codec",
            of: fields,
            codecs.map { ($0.0, Optional($0.1)) },
            otherwise: nil,
            isRequired: true
        )
        let isAnimation = codec == .gif
        let distance = number(
            "KeyframesMaxDist",
            of: fields,
            in: 1...100_000,
            isRequired: !isAnimation && codec != nil
        )
        let kilobits = number("BitRate", of: fields, in: 16...62_500, or: ["auto"], isRequired: !isAnimation)
        var video = Preset.Video(
            codec: codec ?? .h264,
            profile: nil,
            level: nil,
            maxReferenceFrames: 3,
            maxKeyframeDistance: distance ?? 90,
            hasFixedGOP: choice("FixedGOP", of: fields, PresetDocument.truths, otherwise: false),
            bitsPerSecond: isAnimation ? nil : kilobits.map { $0 * 1000 },
            frameRate: frameRate(fields, codec),
            displayAspectRatio: choice(
                "DisplayAspectRatio",
                of: fields,
                FieldChecker.ratios,
                otherwise: nil
            ),
            sizing: .shrinkToFit,
            padding: .noPad,
            scan: .progressive,
            colorConversion: .none,
            chroma: .yuv420p
        )
        size(fields, &video)
        if let codec { options(fields, codec, &video) }
        return video
    }

    private mutating func frameRate(_ fields: PresetFields, _ codec: VideoCodec?) -> Preset.FrameRate {
        // MPEG-2 has a table of rates, in which the lowest are missing (ISO/IEC 13818-2 table 6-4).
        let rates = FieldChecker.rates.filter { codec != .mpeg2 || $0.1.value > 20 }
        let most = choice("MaxFrameRate", of: fields, rates, otherwise: Rational(30, 1))
        let choices = [("auto", Preset.FrameRate.auto(max: most))] + rates.map { ($0.0, .fixed($0.1)) }
        return choice(
            "FrameRate",
            of: fields,
            choices,
            otherwise: .auto(max: most),
            isRequired: true
        )
    }

    /// `MaxWidth`, `MaxHeight` and the policies, or the older `Resolution` and `AspectRatio`.
    private mutating func size(_ fields: PresetFields, _ video: inout Preset.Video) {
        let aspect = choice("AspectRatio", of: fields, FieldChecker.ratios, otherwise: nil)
        if let resolution = text("Resolution", of: fields) {
            for name in ["MaxWidth", "MaxHeight", "SizingPolicy", "PaddingPolicy", "DisplayAspectRatio"]
            where fields.has(name) {
                refuse(fields.place("Resolution"), resolution, allowed: "only without \(name)")
            }
            video.sizing = .fit
            video.padding = aspect == nil ? .noPad : .pad
            guard resolution != "auto" else { return }
            let sides = resolution.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sides.count == 2, let width = sides[0], let height = sides[1],
                (128...4096).contains(width), (96...3072).contains(height), width.isMultiple(of: 2),
                height.isMultiple(of: 2)
            else {
                refuse(
                    fields.place("Resolution"),
                    resolution,
                    allowed: "auto, even numbers from 128x96 to 4096x3072"
                )
                return
            }
            video.maxSize = Size(width, height)
            return
        }
        let width = number(
            "MaxWidth",
            of: fields,
            in: 128...4096,
            or: ["auto"],
            isEven: true,
            isRequired: true
        )
        let height = number(
            "MaxHeight",
            of: fields,
            in: 96...3072,
            or: ["auto"],
            isEven: true,
            isRequired: true
        )
        if width != nil || height != nil {
            let otherwise = Preset.Video.defaultMaxSize
            video.maxSize = Size(width ?? otherwise.width, height ?? otherwise.height)
        }
        video.sizing = choice(
            "SizingPolicy",
            of: fields,
            FieldChecker.sizings,
            otherwise: .shrinkToFit,
            isRequired: true
        )
        video.padding = choice(
            "PaddingPolicy",
            of: fields,
            FieldChecker.paddings,
            otherwise: .noPad,
            isRequired: true
        )
    }
}
