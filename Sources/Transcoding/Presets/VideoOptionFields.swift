/// What a preset document says of a codec of pictures.
extension FieldChecker {
    static let h264Levels = [
        "1", "1b", "1.1", "1.2", "1.3", "2", "2.1", "2.2", "3", "3.1", "3.2", "4", "4.1",
    ]
    private static let hevcLevels = [
        "1", "2", "2.1", "3", "3.1", "4", "4.1", "5", "5.1", "5.2", "6", "6.1", "6.2",
    ]
    private static let scans: [(String, Preset.ScanMode)] = [
        ("Progressive", .progressive), ("TopFirst", .topFirst), ("BottomFirst", .bottomFirst),
        ("Auto", .auto),
    ]
    private static let conversions: [(String, Preset.ColorConversion)] = [
        ("None", .none), ("Bt709toBt601", .bt709ToBt601), ("Bt601toBt709", .bt601ToBt709), ("Auto", .auto),
    ]
    private static let rates = ["MaxBitRate", "BufferSize"]
    private static let pictures = ["InterlacedMode", "ColorSpaceConversionMode"]

    private static func names(_ codec: VideoCodec) -> [String] {
        switch codec {
        case .h264: ["Profile", "Level", "MaxReferenceFrames"] + rates + pictures
        case .hevc: ["Profile", "Level"] + rates + ["ColorSpaceConversionMode"]
        case .vp8, .vp9: ["Profile"] + rates
        case .av1: rates
        case .mpeg2: ["ChromaSubsampling"] + rates + pictures
        case .gif: ["LoopCount"]
        }
    }

    private static func profiles(_ codec: VideoCodec) -> [String] {
        switch codec {
        case .h264: ["baseline", "main", "high"]
        case .hevc: ["main"]
        case .vp8: ["0", "1", "2", "3"]
        case .vp9: ["0"]
        case .av1, .mpeg2, .gif: []
        }
    }

    mutating func options(_ video: PresetFields, _ codec: VideoCodec, _ settings: inout Preset.Video) {
        let fields =
            object("CodecOptions", of: video, known: FieldChecker.names(codec))
            ?? PresetFields(path: video.place("CodecOptions"), members: [:])
        let isH264 = codec == .h264
        func same(_ values: [String]) -> [(String, String?)] { values.map { ($0, Optional($0)) } }
        settings.profile = choice(
            "Profile",
            of: fields,
            same(FieldChecker.profiles(codec)),
            otherwise: nil,
            isRequired: isH264
        )
        if isH264 || codec == .hevc {
            settings.level = choice(
                "Level",
                of: fields,
                same(isH264 ? FieldChecker.h264Levels : FieldChecker.hevcLevels),
                otherwise: nil,
                isRequired: isH264
            )
        }
        if isH264 {
            let most = number("MaxReferenceFrames", of: fields, in: 0...16, isRequired: true)
            settings.maxReferenceFrames = most ?? 3
        }
        rates(fields, &settings)
        settings.scan = choice("InterlacedMode", of: fields, FieldChecker.scans, otherwise: .progressive)
        settings.colorConversion = choice(
            "ColorSpaceConversionMode",
            of: fields,
            FieldChecker.conversions,
            otherwise: .none
        )
        settings.chroma = choice(
            "ChromaSubsampling",
            of: fields,
            Preset.Chroma.allCases.map { ($0.rawValue, $0) },
            otherwise: .yuv420p
        )
        settings.loopCount = number("LoopCount", of: fields, in: 0...100, or: ["Infinite"])
        if isH264, settings.profile == "baseline", settings.scan != .progressive {
            refuse(fields.place("InterlacedMode"), "not Progressive", allowed: "Progressive in baseline")
        }
    }

    /// A buffer that is left out holds ten seconds of the maximum.
    private mutating func rates(_ fields: PresetFields, _ settings: inout Preset.Video) {
        let most = number("MaxBitRate", of: fields, in: 16...62_500)
        let buffer = number("BufferSize", of: fields, in: 1...10_000_000)
        if let most, let average = settings.bitsPerSecond, most * 1000 < average {
            refuse(fields.place("MaxBitRate"), "\(most)", allowed: "BitRate or more")
        }
        settings.maxBitsPerSecond = most.map { $0 * 1000 }
        settings.bufferBits = (buffer ?? most.map { $0 * 10 }).map { $0 * 1000 }
    }
}
